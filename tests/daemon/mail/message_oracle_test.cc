// What somebody else reads in our messages is what was put into them.

#include <random>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "daemon/mail/message.h"
#include "daemon/vault/base64.h"
#include "shared/time_format.h"
#include "tests/support/node_peer.h"
#include "tests/support/result.h"

using nlohmann::json;
using tba::mail::Mailbox;
using tba::mail::Message;

namespace {

/// Makes messages of whatever a message may hold.
class Author {
 public:
  explicit Author(unsigned seed) : random_(seed) {}

  Message message() {
    Message made;
    made.from = mailbox();
    made.to = mailboxes(1, 4);
    made.cc = mailboxes(0, 2);
    made.reply_to = mailboxes(0, 2);
    made.subject = line(0, 120);
    if (any(2) == 0) made.text = lines();
    if (any(2) == 0) made.html = "<p>" + lines() + "</p>";
    for (auto left = any(3); left > 0; --left)
      made.attachments.push_back({"f" + line(0, 80) + ".bin", "application/x-test", bytes()});
    if (any(2) == 0) made.in_reply_to = id();
    for (auto left = any(6); left > 0; --left) made.references.push_back(id());
    made.id = id();
    made.date = tba::parse_time("2026-11-04T09:05:06Z").value();
    return made;
  }

 private:
  std::size_t any(std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
  }

  /// Without control characters.
  std::string line(std::size_t least, std::size_t most) {
    static const std::vector<std::string> kCharacters{
        "a", "b", "Z", "0",  " ", " ", ".", ",", ";", "\"", "\\", "<",  ">", "(",    ")",    "@",
        "=", "?", "_", "=?", "'", "*", "%", "é", "ß", "€",  "日", "本", "😀", "word", " and "};
    const bool is_ascii = any(2) == 0;
    std::string text;
    for (auto left = least + any(most - least + 1); left > 0; --left) {
      const auto& next = kCharacters[any(kCharacters.size())];
      if (!is_ascii || static_cast<unsigned char>(next[0]) < 0x80) text += next;
    }
    return text;
  }

  /// Some of which begin with dots, end with blanks or look like boundaries.
  std::string lines() {
    static const std::vector<std::string> kBegins{"",      "",  ".", "..", "--=_tba-mixed",
                                                  "From ", "\t"};
    std::string text;
    for (auto left = any(12); left > 0; --left)
      text += kBegins[any(kBegins.size())] + line(0, 150) + (any(4) == 0 ? " \n" : "\n");
    return text + "end";
  }

  std::string bytes() {
    std::string some(any(3'000), '\0');
    for (auto& byte : some) byte = static_cast<char>(any(256));
    return some;
  }

  Mailbox mailbox() {
    auto name = any(3) == 0 ? std::string() : "N" + line(0, 60) + "n";
    return {name, "user" + std::to_string(any(1'000)) + ".x+y@mail-1.example.com"};
  }

  std::vector<Mailbox> mailboxes(std::size_t least, std::size_t most) {
    std::vector<Mailbox> made(least + any(most - least + 1));
    for (auto& each : made) each = mailbox();
    return made;
  }

  std::string id() { return "<" + std::to_string(random_()) + ".x@example.com>"; }

  std::mt19937 random_;
};

json as_json(const std::vector<Mailbox>& mailboxes) {
  auto list = json::array();
  for (const auto& [name, address] : mailboxes)
    list.push_back({{"name", name}, {"address", address}});
  return list;
}

/// With the line breaks that messages have, and the last one, which they always have.
json body(const std::optional<std::string>& text) {
  return text ? json(*text + "\n") : json();
}

json expected(const Message& message) {
  auto attachments = json::array();
  for (const auto& attachment : message.attachments)
    attachments.push_back({{"filename", attachment.filename},
                           {"content_type", attachment.content_type},
                           {"content", tba::vault::base64(attachment.content)}});
  return {{"from", as_json({message.from})},
          {"to", as_json(message.to)},
          {"cc", as_json(message.cc)},
          {"reply_to", as_json(message.reply_to)},
          {"subject", message.subject},
          {"text", body(message.text)},
          {"html", body(message.html)},
          {"id", message.id},
          {"in_reply_to", message.in_reply_to},
          {"references", message.references},
          {"date", "2026-11-04T09:05:06.000Z"},
          {"attachments", attachments},
          {"defects", json::array()}};
}

/// Whether a text ends with a line break depends on what stands behind it.
json without_last_line_break(json found) {
  for (const auto* key : {"text", "html"}) {
    if (!found[key].is_string()) continue;
    auto text = found[key].get<std::string>();
    while (text.ends_with('\n')) text.pop_back();
    found[key] = text.empty() ? json() : json(text);
  }
  return found;
}

}  // namespace

TEST_CASE("message: mailparser reads in it what was put into it") {
  Author author(GENERATE(1u, 2u, 3u));
  std::vector<Message> messages;
  auto written = json::array();
  for (int i = 0; i < 100; ++i) {
    messages.push_back(author.message());
    auto text = tba::mail::write_message(messages.back());
    INFO((text ? "" : text.error().message));
    REQUIRE(text);
    written.push_back(tba::vault::base64(*text));
  }
  const auto found = json::parse(
      tba::tests::output_of_node("tests/daemon/mail/read_messages.mjs", written.dump()));
  REQUIRE(found.size() == messages.size());
  for (std::size_t i = 0; i < messages.size(); ++i) {
    CAPTURE(i, tba::mail::write_message(messages[i]).value());
    CHECK(without_last_line_break(found[i]) == without_last_line_break(expected(messages[i])));
  }
}
