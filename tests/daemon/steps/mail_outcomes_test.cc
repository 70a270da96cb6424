#include "daemon/steps/mail_outcomes.h"

#include <string>

#include <catch2/catch.hpp>

#include "shared/value/json.h"

using tba::connectors::MailDraft;
using tba::engine::AttemptOutcome;
using tba::net::HttpFailure;
using tba::net::MailReply;
using tba::net::MailResult;
using tba::net::MailStage;
using tba::steps::host_health;
using tba::steps::HostHealth;
using tba::steps::outcome_of;

namespace {

MailDraft draft() {
  MailDraft made;
  made.message_id = "<1@example.com>";
  made.request.envelope = {"bot@example.com", {"ann@example.com", "b@example.org"}, ""};
  return made;
}

AttemptOutcome after(const MailResult& result) {
  return outcome_of(result, draft(), "email/send");
}

}  // namespace

TEST_CASE("mail outcome: a message that was taken has its id, and whom it was taken for") {
  const auto outcome = after(MailReply{MailStage::message, 250, "2.0.0 queued as 7", ""});
  CHECK_FALSE(outcome.failure);
  CHECK(outcome.http_status == 200);
  CHECK(
      tba::to_json(outcome.result) ==
      R"({"status":200,"headers":{},"body":{"message_id":"<1@example.com>",)"
      R"("accepted":["ann@example.com","b@example.org"],"code":250,"answer":"2.0.0 queued as 7"}})");
}

TEST_CASE("mail outcome: who is refused has sent nothing, and is told in the server's words") {
  const auto recipient =
      after(MailReply{MailStage::recipient, 550, "5.1.1 No such mailbox", "b@example.org"});
  REQUIRE(recipient.failure);
  CHECK(recipient.failure->kind == "api");
  CHECK(recipient.failure->message ==
        "email/send: the server refuses the recipient b@example.org: 550 5.1.1 No such mailbox");
  CHECK(recipient.http_status == 422);
  CHECK(recipient.certainly_not_acted);
  CHECK_FALSE(recipient.unknown);
  CHECK(tba::to_json(*recipient.result.find("body")) ==
        R"({"code":550,"answer":"5.1.1 No such mailbox"})");

  const auto login = after(MailReply{MailStage::login, 535, "5.7.8 no", ""});
  CHECK(login.http_status == 401);
  CHECK(login.failure->message == "email/send: the server refuses the login: 535 5.7.8 no");
  CHECK(after(MailReply{MailStage::message, 552, "full", ""}).certainly_not_acted);
}

TEST_CASE("mail outcome: a server that asks to come later is tried again like a busy API") {
  const auto later = after(MailReply{MailStage::recipient, 451, "4.7.1 later", "ann@example.com"});
  CHECK(later.http_status == 503);
  CHECK(later.certainly_not_acted);
  CHECK(later.failure->message ==
        "email/send: the server does not accept the recipient ann@example.com for now: 451 4.7.1 "
        "later");
  CHECK(after(MailReply{MailStage::login, 454, "later", ""}).http_status == 503);
}

TEST_CASE("mail outcome: without an answer it counts whether the whole message was sent") {
  const auto lost = after(HttpFailure{HttpFailure::Kind::reset, true, "closed"});
  CHECK(lost.failure->kind == "network");
  CHECK(lost.failure->message == "email/send: closed");
  CHECK(lost.unknown);
  CHECK_FALSE(lost.certainly_not_acted);
  const auto unsent = after(HttpFailure{HttpFailure::Kind::tls, false, "not trusted"});
  CHECK_FALSE(unsent.unknown);
  CHECK(unsent.certainly_not_acted);
  CHECK(after(HttpFailure{HttpFailure::Kind::timeout, true, "late"}).failure->kind == "timeout");
}

TEST_CASE("mail outcome: a server is down that says so, or nothing, not one that refuses") {
  CHECK(host_health(MailResult(MailReply{MailStage::message, 250, "", ""})) == HostHealth::good);
  CHECK(host_health(MailResult(MailReply{MailStage::login, 535, "", ""})) == HostHealth::good);
  CHECK(host_health(MailResult(MailReply{MailStage::recipient, 451, "", ""})) == HostHealth::good);
  CHECK(host_health(MailResult(MailReply{MailStage::sender, 421, "", ""})) == HostHealth::bad);
  CHECK(host_health(MailResult(MailReply{MailStage::greeting, 554, "", ""})) == HostHealth::bad);
  const MailResult refused = HttpFailure{HttpFailure::Kind::connect, false, "nobody listens"};
  CHECK(host_health(refused) == HostHealth::bad);
  CHECK(tba::steps::answer_text(refused) == "nobody listens");
  CHECK(tba::steps::answer_text(MailReply{MailStage::sender, 421, "", ""}) == "it answered 421");
}
