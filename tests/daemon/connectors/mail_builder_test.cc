#include "daemon/connectors/mail_builder.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "daemon/connectors/request_view.h"
#include "shared/connector_catalog.h"
#include "shared/connector_reader.h"
#include "shared/time_format.h"
#include "shared/value/json.h"
#include "tests/support/result.h"

using Catch::Contains;
using tba::AuthScheme;
using tba::connectors::build_mail;
using tba::connectors::MailDraft;
using tba::vault::Credential;
using tba::vault::Secret;

namespace {

const tba::Connector& email() {
  static const auto connector = tba::built_in_connectors().find("email");
  return *connector;
}

Credential login(const std::string& base_url = "smtps://mail.example.com") {
  Credential made;
  made.name = "mine";
  made.connector = "email";
  made.scheme = "login";
  made.type = AuthScheme::Type::basic;
  made.base_url = base_url;
  made.fields.emplace("username", Secret("bot@example.com"));
  made.fields.emplace("password", Secret("swordfish"));
  return made;
}

tba::Result<MailDraft> built(const std::string& parameters, const Credential* credential,
                             const std::string& key = "run/step") {
  return build_mail(email(), *email().endpoint("send"), tba::parse_json(parameters).value(),
                    credential, {key, tba::parse_time("2026-11-04T09:05:06Z").value()});
}

MailDraft draft(const std::string& parameters, const std::string& key = "run/step") {
  const auto credential = login();
  auto made = built(parameters, &credential, key);
  INFO((made ? "" : made.error().message));
  REQUIRE(made);
  return *std::move(made);
}

std::string problem(const std::string& parameters) {
  const auto credential = login();
  const auto made = built(parameters, &credential);
  return made ? "" : made.error().message;
}

}  // namespace

TEST_CASE("mail call: it becomes a login, an envelope and a message") {
  const auto made = draft(R"({"to":"Ann <ann@example.com>, bob@example.org","subject":"Chests",
                              "text":"Two"})");
  CHECK(made.request.url == "smtps://mail.example.com");
  CHECK(made.request.username == "bot@example.com");
  CHECK(made.request.password == "swordfish");
  CHECK(made.request.access_token.empty());
  const auto& envelope = *made.request.envelope;
  CHECK(envelope.sender == "bot@example.com");
  CHECK(envelope.recipients == std::vector<std::string>{"ann@example.com", "bob@example.org"});
  CHECK(envelope.message ==
        "From: bot@example.com\r\n"
        "To: Ann <ann@example.com>, bob@example.org\r\n"
        "Subject: Chests\r\n"
        "Date: Wed, 04 Nov 2026 09:05:06 +0000\r\n"
        "Message-ID: " +
            made.message_id +
            "\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: 7bit\r\n"
            "\r\n"
            "Two\r\n");
}

TEST_CASE("mail call: each part of a message has a parameter") {
  const auto made = draft(R"({"from":"Bot <b@example.com>","to":["ann@example.com"],
      "cc":"cora@example.com","bcc":["dora@example.com","ann@example.com"],
      "reply_to":"team@example.com","subject":"Re: x","text":"a","html":"<b>a</b>",
      "headers":{"X-Count":7},"in_reply_to":"<1@example.com>",
      "attachments":[{"filename":"a.txt","content":"hi","content_type":"text/plain"},
                     {"base64":"AAE="}]})");
  const auto& envelope = *made.request.envelope;
  CHECK(envelope.sender == "b@example.com");
  CHECK(envelope.recipients ==
        std::vector<std::string>{"ann@example.com", "cora@example.com", "dora@example.com"});
  CHECK_THAT(envelope.message,
             Contains("From: Bot <b@example.com>\r\n") && Contains("Cc: cora@example.com\r\n") &&
                 Contains("Reply-To: team@example.com\r\n") && Contains("X-Count: 7\r\n") &&
                 Contains("In-Reply-To: <1@example.com>\r\nReferences: <1@example.com>\r\n") &&
                 Contains("multipart/mixed") && Contains("multipart/alternative") &&
                 Contains("filename=\"a.txt\"") && Contains("filename=\"attachment-2\"") &&
                 Contains("\r\nAAE=\r\n"));
  CHECK_THAT(envelope.message, !Contains("dora"));
  CHECK_THAT(envelope.message, !Contains("Bcc"));
}

TEST_CASE("mail call: a message that is sent again has the same id") {
  const std::string parameters = R"({"to":"ann@example.com"})";
  CHECK(draft(parameters).message_id == draft(parameters).message_id);
  CHECK(draft(parameters, "run/other").message_id != draft(parameters).message_id);
  CHECK_THAT(draft(parameters).message_id, Catch::EndsWith("@example.com>"));
  CHECK_THAT(draft(parameters).message_id, !Contains("run"));
}

TEST_CASE("mail call: the sender may be the credential's") {
  auto credential = login();
  credential.fields.emplace("from", Secret("The bot <noreply@example.com>"));
  const auto made = built(R"({"to":"ann@example.com"})", &credential);
  REQUIRE(made);
  CHECK(made->request.envelope->sender == "noreply@example.com");
  credential.fields.insert_or_assign("from", Secret("noreply"));
  const auto refused = built(R"({"to":"ann@example.com"})", &credential);
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Contains("nobody is named whom it is from"));
  credential.fields.insert_or_assign("from", Secret("no@reply@x"));
  const auto wrong = built(R"({"to":"ann@example.com"})", &credential);
  REQUIRE_FALSE(wrong);
  CHECK_THAT(wrong.error().message, Contains("the credential's sender: 'no@reply@x' is not"));
}

TEST_CASE("mail call: what cannot be in a message is told of with its parameter") {
  CHECK(problem(R"({"to":"ann"})") == "email/send: parameter 'to': 'ann' is not an e-mail address");
  CHECK(problem(R"({"to":[7]})") ==
        "email/send: parameter 'to': it must be a text, not of type number");
  CHECK_THAT(problem(R"({"to":"a@b.c","from":"a@b.c, d@e.f"})"), Contains("has one sender"));
  CHECK_THAT(problem(R"({"to":"a@b.c","subject":7})"),
             Contains("'subject' must be of type string"));
  CHECK_THAT(problem(R"({"to":"a@b.c","subject":"x\r\nBcc: e@v.e"})"),
             Contains("email/send: the subject holds a line break"));
  CHECK_THAT(problem(R"({"to":"a@b.c\nBcc: e@v.e"})"), Contains("'to': it holds a line break"));
  CHECK_THAT(problem(R"({"to":"a@b.c","attachments":["x"]})"),
             Contains("an attachment is an object with"));
  CHECK_THAT(problem(R"({"to":"a@b.c","attachments":[{"base64":"!"}]})"),
             Contains("an attachment holds a `base64` that is none"));
  CHECK_THAT(problem(R"({"to":"a@b.c","headers":{"X":[]}})"), Contains("neither a text nor"));
  CHECK_THAT(problem(R"({"to":"a@b.c","headers":{"Bcc":"e@v.e"}})"),
             Contains("the header Bcc is written from the other parameters"));
  CHECK_THAT(problem(R"({"to":"a@b.c","references":["x"]})"),
             Contains("a reference is not the id of a message"));
  CHECK_THAT(problem(R"({"too":"a@b.c"})"), Contains("there is no parameter 'too'"));
  CHECK_THAT(problem(R"({"subject":"x"})"), Contains("nobody is named whom it is for"));
  CHECK_THAT(problem(R"({"to":[]})"), Contains("nobody is named whom it is for"));
  std::string many = "p0@b.c";
  for (int i = 1; i < 100; ++i) many += ", p" + std::to_string(i) + "@b.c";
  CHECK_THAT(problem(R"({"to":")" + many + R"(","bcc":"x@y.z"})"),
             Contains("it is for 101 people; a message may be for 100"));
}

TEST_CASE("mail call: it is clear which server is meant, and by whom") {
  const auto nobody = built(R"({"to":"a@b.c"})", nullptr);
  REQUIRE_FALSE(nobody);
  CHECK_THAT(nobody.error().message,
             Contains("it needs a credential, which says what mail server"));
  auto credential = login();
  credential.connector = "github";
  const auto other = built(R"({"to":"a@b.c"})", &credential);
  REQUIRE_FALSE(other);
  CHECK_THAT(other.error().message, Contains("belongs to connector 'github'"));
}

TEST_CASE("mail call: a relay is not logged in to, and an access token takes a password's place") {
  auto relay = login("smtp://localhost");
  relay.scheme = "relay";
  relay.type = AuthScheme::Type::none;
  relay.fields.clear();
  const auto sent = built(R"({"to":"a@b.c","from":"b@b.c"})", &relay);
  REQUIRE(sent);
  CHECK(sent->request.username.empty());
  auto google = login();
  google.scheme = "google";
  google.type = AuthScheme::Type::oauth2;
  google.fields.erase("password");
  google.fields.emplace("access_token", Secret("ya29"));
  const auto made = built(R"({"to":"a@b.c"})", &google);
  REQUIRE(made);
  CHECK(made->request.username == "bot@example.com");
  CHECK(made->request.access_token == "ya29");
}

TEST_CASE("mail call: a check has no message") {
  const auto credential = login();
  const auto made = build_mail(email(), *email().endpoint("check"), tba::Value(), &credential, {});
  REQUIRE(made);
  CHECK_FALSE(made->request.envelope.has_value());
  CHECK(made->message_id.empty());
}

TEST_CASE("mail call: what is shown of it has the message, and no password") {
  tba::vault::LiveSecrets live_secrets;
  const std::vector<std::string_view> secrets{"swordfish"};
  const auto masked = live_secrets.add(secrets);
  auto made = draft(R"({"to":["ann@example.com","b@b.c"],"text":"the word is swordfish"})");
  const auto view = tba::connectors::mail_view(made.request, live_secrets);
  CHECK(view.find("method")->as_string() == "SMTP");
  CHECK(view.find("url")->as_string() == "smtps://mail.example.com");
  CHECK(tba::to_json(*view.find("headers")) ==
        R"({"MAIL FROM":"bot@example.com","RCPT TO":"ann@example.com, b@b.c"})");
  CHECK_THAT(std::string(view.find("body")->as_string()), Contains("To: ann@example.com, b@b.c"));
  CHECK_THAT(tba::to_json(view), !Contains("swordfish"));
  made.request.envelope.reset();
  CHECK(tba::connectors::mail_view(made.request, live_secrets).find("body")->is_null());
}
