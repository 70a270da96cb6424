#!/usr/bin/env python3
"""A plugin that reads feeds. Each line of its input is a message of JSON-RPC 2.0; see tba-plugin(5)."""
import datetime
import email.utils
import json
import sys
import xml.etree.ElementTree as xml

ATOM = "{http://www.w3.org/2005/Atom}"


def text_of(element, name):
    """The text of a child, without the markup in it; None where there is none."""
    child = element.find(name)
    return "".join(child.itertext()).strip() or None if child is not None else None


def moment(text, read):
    """A time as RFC 3339 in UTC; None where there is none that can be understood."""
    try:
        at = read(text)
        return at.astimezone(datetime.timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
    except (TypeError, ValueError, OverflowError):
        return None


def from_iso(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00") if text else None)


def rss(channel):
    return {
        "title": text_of(channel, "title"),
        "link": text_of(channel, "link"),
        "entries": [
            {
                "id": text_of(item, "guid") or text_of(item, "link"),
                "title": text_of(item, "title"),
                "link": text_of(item, "link"),
                "summary": text_of(item, "description"),
                "at": moment(text_of(item, "pubDate"), email.utils.parsedate_to_datetime),
            }
            for item in channel.findall("item")
        ],
    }


def atom_link(element):
    """The page that an entry, or the feed, is about: its link without a relation, or an alternate one."""
    for link in element.findall(ATOM + "link"):
        if link.get("rel", "alternate") == "alternate":
            return link.get("href")
    return None


def atom(feed):
    return {
        "title": text_of(feed, ATOM + "title"),
        "link": atom_link(feed),
        "entries": [
            {
                "id": text_of(entry, ATOM + "id"),
                "title": text_of(entry, ATOM + "title"),
                "link": atom_link(entry),
                "summary": text_of(entry, ATOM + "summary") or text_of(entry, ATOM + "content"),
                "at": moment(text_of(entry, ATOM + "published") or text_of(entry, ATOM + "updated"), from_iso),
            }
            for entry in feed.findall(ATOM + "entry")
        ],
    }


def parse(given):
    root = xml.fromstring(given["text"])
    channel = root.find("channel")
    if root.tag == "rss" and channel is not None:
        feed = rss(channel)
    elif root.tag == ATOM + "feed":
        feed = atom(root)
    else:
        raise ValueError(f"the root of a feed is rss or feed, not {root.tag}")
    feed["entries"] = feed["entries"][: max(given["limit"], 0)]
    return feed


ENDPOINTS = {"parse": parse}


def answer(request):
    """What is said to a request: {"result": …} or {"error": …}."""
    params = request["params"]
    if request["method"] == "initialize":
        return {"result": {"protocol": 1, "endpoints": {name: {} for name in ENDPOINTS}}}
    try:
        return {"result": {"body": ENDPOINTS[params["endpoint"]](params["with"])}}
    except (ValueError, xml.ParseError) as error:
        return {"error": {"code": 1, "message": str(error), "data": {"status": 422, "may_have_acted": False}}}


def main():
    for line in sys.stdin:
        message = json.loads(line)
        if message["method"] == "shutdown":
            break
        if "id" in message:  # `cancel` has none: a call that takes milliseconds is answered anyway
            print(json.dumps({"jsonrpc": "2.0", "id": message["id"], **answer(message)}), flush=True)


main()
