#!/usr/bin/env python3
"""A plugin that does what tests ask for, good or bad. Its argument says what it does wrong from the start."""
import json
import os
import socket
import sys

MODE = sys.argv[1] if len(sys.argv) > 1 else "good"
ENDPOINTS = {
    "echo": {"parameters": {"value": {}}},
    "fail": {"parameters": {"data": {"type": "object"}}},
    "later": {"parameters": {"name": {"type": "string", "required": True}}},
    "release": {"parameters": {"name": {"type": "string", "required": True}}},
    "hang": {}, "die": {}, "garbage": {}, "huge": {}, "eat": {}, "connect": {}, "surroundings": {}, "say": {}, "bodiless": {},
}
waiting = {}


def send(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def answer(id, body):
    send({"id": id, "result": {"body": body}})


def fail(id, message, data=None):
    send({"id": id, "error": {"code": 7, "message": message, "data": data}})


def initialize(id, params):
    if MODE == "silent":
        return
    if MODE == "refuses":
        return fail(id, "not today")
    served = dict(ENDPOINTS)
    if MODE == "lacks":
        del served["echo"]
    send({"id": id, "result": {"protocol": 2 if MODE == "newer" else params["protocol"], "endpoints": served}})


def call(id, params):
    endpoint, given = params["endpoint"], params["with"]
    if endpoint == "echo":
        answer(id, params)
    elif endpoint == "fail":
        fail(id, "it did not work", given.get("data"))
    elif endpoint == "later":
        waiting[given["name"]] = id
    elif endpoint == "release":
        answer(waiting.pop(given["name"]), given["name"])
        answer(id, None)
    elif endpoint == "die":
        print("out of ideas", file=sys.stderr)
        sys.exit(3)
    elif endpoint == "garbage":
        print("hello there", flush=True)
    elif endpoint == "huge":
        answer(id, "x" * (11 << 20))
    elif endpoint == "eat":
        try:
            answer(id, len(bytearray(300 << 20)))
        except MemoryError:
            fail(id, "no memory", {"may_have_acted": False})
    elif endpoint == "connect":
        try:
            socket.socket()
            answer(id, "open")
        except OSError as error:
            answer(id, error.strerror)
    elif endpoint == "surroundings":
        answer(id, {"environment": dict(os.environ), "folder": os.getcwd(), "pid": os.getpid()})
    elif endpoint == "say":
        send({"method": "log", "params": {"level": "warning", "message": "it is late"}})
        print("and dark", file=sys.stderr, flush=True)
        answer(id, None)
    elif endpoint == "bodiless":
        send({"id": id, "result": {}})


def cancel(params):
    for name, id in list(waiting.items()):
        if id == params["id"]:
            del waiting[name]
            fail(id, "left alone", {"may_have_acted": False} if name == "harmless" else None)


for line in sys.stdin:
    message = json.loads(line)
    method = message["method"]
    if method == "initialize":
        initialize(message["id"], message["params"])
    elif method == "call":
        call(message["id"], message["params"])
    elif method == "cancel":
        cancel(message["params"])
    elif method == "shutdown" and MODE != "deaf":
        sys.exit(0)
if MODE == "deaf":
    while True:
        os.read(os.pipe()[0], 1)
