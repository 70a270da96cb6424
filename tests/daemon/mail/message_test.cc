#include "daemon/mail/message.h"

#include <chrono>
#include <string>

#include <catch2/catch.hpp>

#include "daemon/mail/header_field.h"
#include "daemon/mail/transfer_encoding.h"
#include "shared/time_format.h"
#include "tests/support/result.h"

using Catch::Contains;
using tba::mail::base64_lines;
using tba::mail::encode_text;
using tba::mail::Message;
using tba::mail::parameter_field;
using tba::mail::quoted_printable;
using tba::mail::text_field;
using tba::mail::write_message;

namespace {

Message simple() {
  Message message;
  message.from = {"", "bot@example.com"};
  message.to = {{"Ann", "ann@example.com"}};
  message.id = "<1234@example.com>";
  message.date = tba::parse_time("2026-11-04T09:05:06Z").value();
  return message;
}

std::string written(const Message& message) {
  auto text = write_message(message);
  INFO((text ? "" : text.error().message));
  REQUIRE(text);
  return *std::move(text);
}

std::string problem(const Message& message) {
  const auto text = write_message(message);
  return text ? "" : text.error().message;
}

}  // namespace

TEST_CASE("message: a plain one is readable as it is") {
  auto message = simple();
  message.subject = "Chests";
  message.text = "Two chests.\nYours,\nthe bot";
  CHECK(written(message) ==
        "From: bot@example.com\r\n"
        "To: Ann <ann@example.com>\r\n"
        "Subject: Chests\r\n"
        "Date: Wed, 04 Nov 2026 09:05:06 +0000\r\n"
        "Message-ID: <1234@example.com>\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 7bit\r\n"
        "\r\n"
        "Two chests.\r\n"
        "Yours,\r\n"
        "the bot\r\n");
}

TEST_CASE("message: text, HTML and files are parts of parts") {
  auto message = simple();
  message.to.push_back({"Lee, Bob", "bob@example.com"});
  message.cc = {{"Jürgen", "j@example.com"}};
  message.reply_to = {{"", "team@example.com"}};
  message.subject = "Grüße";
  message.text = "Hallo";
  message.html = "<p>Hallo</p>";
  message.in_reply_to = "<1@example.com>";
  message.references = {"<0@example.com>", "<1@example.com>"};
  message.headers = {{"List-Id", "<chests.example.com>"}};
  message.attachments = {{"chests.csv", "text/csv", "a,b\n"}};
  CHECK(written(message) ==
        "From: bot@example.com\r\n"
        "To: Ann <ann@example.com>, \"Lee, Bob\" <bob@example.com>\r\n"
        "Cc: =?UTF-8?B?SsO8cmdlbg==?= <j@example.com>\r\n"
        "Reply-To: team@example.com\r\n"
        "Subject: =?UTF-8?B?R3LDvMOfZQ==?=\r\n"
        "Date: Wed, 04 Nov 2026 09:05:06 +0000\r\n"
        "Message-ID: <1234@example.com>\r\n"
        "In-Reply-To: <1@example.com>\r\n"
        "References: <0@example.com> <1@example.com>\r\n"
        "List-Id: <chests.example.com>\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=\"=_tba-mixed\"\r\n"
        "\r\n"
        "--=_tba-mixed\r\n"
        "Content-Type: multipart/alternative; boundary=\"=_tba-alternative\"\r\n"
        "\r\n"
        "--=_tba-alternative\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 7bit\r\n"
        "\r\n"
        "Hallo\r\n"
        "--=_tba-alternative\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 7bit\r\n"
        "\r\n"
        "<p>Hallo</p>\r\n"
        "--=_tba-alternative--\r\n"
        "--=_tba-mixed\r\n"
        "Content-Type: text/csv\r\n"
        "Content-Disposition: attachment; filename=\"chests.csv\"\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        "\r\n"
        "YSxiCg==\r\n"
        "--=_tba-mixed--\r\n");
}

TEST_CASE("message: nothing that goes into a header holds a line break") {
  const std::string evil = "x\r\nBcc: eve@example.com";
  auto message = simple();
  message.subject = evil;
  CHECK(problem(message) == "the subject holds a line break or another control character");
  message = simple();
  message.from.name = evil;
  CHECK_THAT(problem(message), Contains("the name of the sender holds a line break"));
  message = simple();
  message.cc = {{evil, "ann@example.com"}};
  CHECK_THAT(problem(message), Contains("the name of a mailbox holds a line break"));
  message = simple();
  message.headers = {{"X-Team", evil}};
  CHECK_THAT(problem(message), Contains("the header X-Team holds a line break"));
  message.headers = {{"X-Team: a\r\nBcc", "eve@example.com"}};
  CHECK_THAT(problem(message), Contains("is not the name of a header"));
  message = simple();
  message.attachments = {{evil, "text/plain", ""}};
  CHECK_THAT(problem(message), Contains("the file name of an attachment holds a line break"));
  message.attachments = {{"a", "text/plain\r\nX: y", ""}};
  CHECK_THAT(problem(message), Contains("the content type of an attachment holds a line break"));
  message = simple();
  message.in_reply_to = "<1@example.com>\r\nX: y";
  CHECK_THAT(problem(message), Contains("what it is in reply to is not the id of a message"));
  message = simple();
  message.references = {"<1@example.com>\n"};
  CHECK_THAT(problem(message), Contains("a reference is not the id of a message"));
  message = simple();
  message.id = "<1\n@example.com>";
  CHECK_THAT(problem(message), Contains("the message's own id is not the id"));
}

TEST_CASE("message: further headers are not those that it has anyway") {
  auto message = simple();
  for (const auto* name :
       {"From", "bcc", "SUBJECT", "Message-Id", "Content-Type", "MIME-Version"}) {
    CAPTURE(name);
    message.headers = {{name, "x"}};
    CHECK_THAT(problem(message), Contains("is written from the other parameters"));
  }
  message.headers = {{std::string(61, 'X'), "x"}};
  CHECK_THAT(problem(message), Contains("is not the name of a header"));
}

TEST_CASE("message: a content type is one that can be encoded") {
  auto message = simple();
  for (const auto* type : {"text", "text/", "/plain", "text/pl ain", "text/plain; n=é", ""}) {
    CAPTURE(type);
    message.attachments = {{"a", type, ""}};
    CHECK_THAT(problem(message), Contains("is not a content type"));
  }
  message.attachments = {{"a.eml", "message/rfc822", ""}};
  CHECK_THAT(problem(message), Contains("must not be encoded"));
  message.attachments = {{"a.txt", "text/plain; charset=utf-8", "é"}};
  CHECK_THAT(written(message), Contains("Content-Type: text/plain; charset=utf-8\r\n"));
}

TEST_CASE("message: an empty one has an empty text") {
  auto message = simple();
  CHECK_THAT(written(message), Catch::EndsWith("Content-Transfer-Encoding: 7bit\r\n\r\n"));
  message.attachments = {{"empty", "application/octet-stream", ""}};
  CHECK_THAT(written(message), Contains("7bit\r\n\r\n\r\n--=_tba-mixed\r\n") &&
                                   Catch::EndsWith("base64\r\n\r\n\r\n--=_tba-mixed--\r\n"));
}

TEST_CASE("header field: a long text is folded between its words") {
  const auto field = text_field(
      "Subject", "a text of several words that is longer than what one line of a header may hold");
  CHECK(field ==
        "Subject: a text of several words that is longer than what one line of a\r\n"
        " header may hold\r\n");
  CHECK(text_field("Subject", std::string(200, 'x')) ==
        "Subject: " + std::string(200, 'x') + "\r\n");
  CHECK_THAT(text_field("Subject", std::string(1'000, 'x')), Contains("=?UTF-8?B?"));
  std::string pairs;
  for (int i = 0; i < 30; ++i) pairs += "a: ";
  CHECK_THAT(text_field("Subject", pairs + "b"), Contains("a:\r\n a:"));
}

TEST_CASE("header field: what a reader would take for something else is encoded") {
  for (const auto* text : {"é", " x", "x ", "a  b", "=?UTF-8?B?eA==?=", "a\tb"}) {
    CAPTURE(text);
    CHECK_THAT(text_field("Subject", text), Catch::StartsWith("Subject: =?UTF-8?B?"));
  }
}

TEST_CASE("header field: encoded words hold whole characters, and lines are short") {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "ü€😀";
  for (const auto* name :
       {"S", "Subject", "X-A-name-that-takes-most-of-the-first-line-of-its-own"}) {
    auto field = text_field(name, text);
    while (!field.empty()) {
      const auto line = field.substr(0, field.find("\r\n"));
      field.erase(0, line.size() + 2);
      CAPTURE(line);
      CHECK(line.size() <= 76);
    }
  }
  CHECK(text_field("S", "€€€€€€€€€€€€€€€€") ==
        "S: =?UTF-8?B?4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs4oKs?=\r\n"
        " =?UTF-8?B?4oKs?=\r\n");
}

TEST_CASE("header field: a file's name is a parameter of any length and script") {
  const auto disposition = [](std::string_view name) {
    return parameter_field("Content-Disposition", "attachment", "filename", name);
  };
  CHECK(disposition(R"(a "b" \c.txt)") ==
        "Content-Disposition: attachment; filename=\"a \\\"b\\\" \\\\c.txt\"\r\n");
  CHECK(disposition("Übersicht.pdf") ==
        "Content-Disposition: attachment; filename*=UTF-8''%C3%9Cbersicht.pdf\r\n");
  CHECK(disposition("ääääääääääää.txt") ==
        "Content-Disposition: attachment;\r\n"
        " filename*0*=UTF-8''%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4;\r\n"
        " filename*1*=%C3%A4%C3%A4%C3%A4%C3%A4.txt\r\n");
}

TEST_CASE("transfer encoding: text is sent in the one that leaves most of it readable") {
  CHECK(encode_text("").text.empty());
  CHECK(encode_text("a\r\nb\rc\n").text == "a\r\nb\r\nc\r\n");
  CHECK(encode_text("a\r\nb\rc\n").encoding == "7bit");
  for (const auto* text : {".", "a ", "=_x", "tab\there"}) {
    CAPTURE(text);
    CHECK(encode_text(text).encoding == "quoted-printable");
  }
  CHECK(encode_text(std::string(77, 'x')).encoding == "quoted-printable");
  CHECK(encode_text("mostly ASCII, but for an é").encoding == "quoted-printable");
  CHECK(encode_text("日本語").encoding == "base64");
  CHECK(encode_text("日本語").text == "5pel5pys6KqeDQo=\r\n");
}

TEST_CASE("transfer encoding: quoted-printable has short lines that end with no blank") {
  CHECK(quoted_printable("1 + 1 = 2 é\n.\nx ") == "1 + 1 =3D 2 =C3=A9\r\n=2E\r\nx=20\r\n");
  const auto lines = quoted_printable(std::string(100, 'x'));
  CHECK(lines == std::string(75, 'x') + "=\r\n" + std::string(25, 'x') + "\r\n");
  CHECK(quoted_printable(std::string(76, 'x')) == std::string(76, 'x') + "\r\n");
  // A dot that a soft break brings to the begin of a line.
  CHECK(quoted_printable(std::string(75, 'x') + "..") == std::string(75, 'x') + "=\r\n=2E.\r\n");
}

TEST_CASE("transfer encoding: base64 has lines of 76 characters") {
  CHECK(base64_lines("").empty());
  CHECK(base64_lines(std::string(57, 'a')).size() == 78);
  CHECK(base64_lines(std::string(58, 'a')).size() == 78 + 6);
}
