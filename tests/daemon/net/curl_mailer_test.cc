// The daemon's mail client against smtp-server (npm), and against servers that no real one is.
#include "daemon/net/curl_mailer.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include "tests/support/eventually.h"
#include "tests/support/mail_server.h"
#include "tests/support/raw_server.h"
#include "tests/support/run_coroutine.h"

using namespace std::chrono_literals;
using Catch::Contains;
using nlohmann::json;
using tba::net::CurlMailer;
using tba::net::Envelope;
using tba::net::HttpFailure;
using tba::net::MailReply;
using tba::net::MailRequest;
using tba::net::MailResult;
using tba::net::MailStage;
using tba::tests::MailServers;
using Kind = HttpFailure::Kind;

namespace {

constexpr const char* kMessage =
    "From: bot@example.com\r\nSubject: Chests\r\n\r\nOne.\r\n.\r\n..two\r\n";

/// The ones of all tests.
const MailServers& servers() {
  static const MailServers all;
  return all;
}

/// Servers that have taken nothing yet, and what is sent to them.
struct Post {
  Post() { servers().forget(); }

  static MailRequest to(const std::string& server,
                        std::vector<std::string> recipients = {"ann@example.com"}) {
    MailRequest request;
    request.url = servers().url(server);
    request.envelope = Envelope{"bot@example.com", std::move(recipients), kMessage};
    return request;
  }

  static MailRequest as_bot(MailRequest request, const std::string& password = "s3cret/+pass=") {
    request.username = "bot";
    request.password = password;
    return request;
  }

  static MailRequest as_check(MailRequest request) {
    request.envelope.reset();
    return request;
  }

  static MailResult send(MailRequest request) {
    CurlMailer mailer({.ca_file = servers().certificate()});
    return tba::tests::run_coroutine(mailer.send(std::move(request)));
  }

  static MailReply reply_to(MailRequest request) {
    auto result = send(std::move(request));
    INFO((result ? "" : result.error().message));
    REQUIRE(result.has_value());
    return *result;
  }

  static HttpFailure failure_of(MailRequest request) {
    const auto result = send(std::move(request));
    REQUIRE(result.has_error());
    return result.error();
  }
};

}  // namespace

TEST_CASE_METHOD(Post, "mailer: a message arrives byte for byte, encrypted from the first byte") {
  const auto reply = reply_to(as_bot(to("tls", {"ann@example.com", "bob@example.org"})));
  CHECK(reply.stage == MailStage::message);
  CHECK(reply.code == 250);
  CHECK_THAT(reply.text, Contains("queued as 1"));
  const auto taken = servers().messages();
  REQUIRE(taken.size() == 1);
  CHECK(taken[0]["sender"] == "bot@example.com");
  CHECK(taken[0]["recipients"] == json{"ann@example.com", "bob@example.org"});
  CHECK(taken[0]["user"] == "bot");
  CHECK(taken[0]["secure"] == true);
  CHECK(taken[0]["message"] == kMessage);
}

TEST_CASE_METHOD(Post, "mailer: a login is encrypted once that is agreed on") {
  CHECK(reply_to(as_bot(to("starttls"))).code == 250);
  CHECK(servers().messages()[0]["secure"] == true);
}

TEST_CASE_METHOD(Post, "mailer: no password goes where there is no encryption") {
  const auto failure = failure_of(as_bot(to("insecure")));
  CHECK(failure.kind == Kind::tls);
  CHECK_FALSE(failure.sent);
  CHECK_THAT(failure.message, Contains("offers no STARTTLS, without which no password is sent"));
  CHECK(servers().commands().empty());
}

TEST_CASE_METHOD(Post, "mailer: without a login a message is sent as it is") {
  CHECK(reply_to(to("plain")).code == 250);
  CHECK(servers().messages()[0]["user"].is_null());
  CHECK(servers().messages()[0]["secure"] == false);
}

TEST_CASE_METHOD(Post, "mailer: a server that is not trusted gets nothing") {
  for (const auto* server : {"tls", "starttls"}) {
    CurlMailer mailer;
    const auto result = tba::tests::run_coroutine(mailer.send(as_bot(to(server))));
    REQUIRE(result.has_error());
    CHECK(result.error().kind == Kind::tls);
    CHECK_FALSE(result.error().sent);
  }
  CHECK(servers().commands().empty());
}

TEST_CASE_METHOD(Post, "mailer: a login that is refused is the server's last word") {
  const auto reply = reply_to(as_bot(to("tls"), "wrong"));
  CHECK(reply.stage == MailStage::login);
  CHECK(reply.code == 535);
  CHECK_THAT(reply.text, Contains("No such user here"));
  CHECK(servers().messages().empty());
}

TEST_CASE_METHOD(Post, "mailer: an access token logs in, in the place of a password") {
  auto request = as_bot(to("tls"), "");
  request.access_token = "good-token";
  CHECK(reply_to(request).code == 250);
  CHECK(servers().messages()[0]["user"] == "bot");
  request.access_token = "old-token";
  const auto refused = reply_to(request);
  CHECK(refused.stage == MailStage::login);
  CHECK(refused.code == 535);
}

TEST_CASE_METHOD(Post, "mailer: a password is used where a server knows other logins too") {
  auto request = as_bot(to("domain"));
  request.username = "bot@example.com";
  CHECK(reply_to(request).code == 250);
  CHECK(servers().messages().size() == 1);
}

TEST_CASE_METHOD(Post, "mailer: a server that knows no login takes no message from who has one") {
  for (const auto& request : {as_bot(to("open")), as_check(as_bot(to("open")))}) {
    const auto failure = failure_of(request);
    CHECK(failure.kind == Kind::protocol);
    CHECK_FALSE(failure.sent);
    CHECK_THAT(failure.message, Contains("offers no way to log in"));
  }
  CHECK(servers().messages().empty());
}

TEST_CASE_METHOD(Post, "mailer: a recipient that is refused refuses all") {
  const auto reply = reply_to(to("plain", {"ann@example.com", "refused@example.com"}));
  CHECK(reply.stage == MailStage::recipient);
  CHECK(reply.recipient == "refused@example.com");
  CHECK(reply.code == 550);
  CHECK_THAT(reply.text, Contains("5.1.1 No such mailbox"));
  CHECK(servers().messages().empty());
}

TEST_CASE_METHOD(Post, "mailer: what is not taken now may be taken later") {
  CHECK(reply_to(to("plain", {"later@example.com"})).code == 451);
  CHECK(reply_to(to("plain", {"later@example.com"})).code == 250);
  CHECK(servers().messages().size() == 1);
}

TEST_CASE_METHOD(Post, "mailer: a message may be refused once it is there") {
  const auto reply = reply_to(to("plain", {"full@example.com"}));
  CHECK(reply.stage == MailStage::message);
  CHECK(reply.code == 552);
}

TEST_CASE_METHOD(Post, "mailer: it is seen whether a server takes a login, and nothing is sent") {
  const auto reply = reply_to(as_check(as_bot(to("tls"))));
  CHECK(reply.stage == MailStage::check);
  CHECK(reply.code == 250);
  CHECK(reply_to(as_check(as_bot(to("tls"), "wrong"))).code == 535);
  CHECK(reply_to(as_check(to("plain"))).code == 250);
  CHECK(servers().messages().empty());
}

TEST_CASE_METHOD(Post, "mailer: a server that takes nobody says so") {
  const auto reply = reply_to(to("busy"));
  CHECK(reply.stage == MailStage::greeting);
  CHECK(reply.code == 421);
  CHECK(reply.text == "4.3.2 too busy");
}

TEST_CASE_METHOD(Post, "mailer: a server that dies with the whole message may have taken it") {
  const auto failure = failure_of(to("dying"));
  CHECK(failure.kind == Kind::reset);
  CHECK(failure.sent);
  CHECK(servers().commands() == json{"EHLO", "MAIL", "RCPT", "DATA"});
}

TEST_CASE_METHOD(Post, "mailer: a server that says nothing is not waited for without end") {
  auto request = to("mute");
  request.timeout = 3s;  // by when the message is there, however busy the machine is
  auto failure = failure_of(request);
  CHECK(failure.kind == Kind::timeout);
  CHECK(failure.sent);
  request = to("silent");
  request.timeout = 300ms;
  failure = failure_of(request);
  CHECK(failure.kind == Kind::timeout);
  CHECK_FALSE(failure.sent);
}

TEST_CASE_METHOD(Post, "mailer: an answer that is none leaves open what became of the message") {
  const auto failure = failure_of(to("odd"));
  CHECK(failure.kind == Kind::protocol);
  CHECK(failure.sent);
  CHECK_THAT(failure.message, Contains("what no mail server does"));
}

TEST_CASE_METHOD(Post, "mailer: what is taken is taken, however the farewell goes") {
  const auto begun = std::chrono::steady_clock::now();
  CHECK(reply_to(to("clinging")).text == "taken");
  CHECK(std::chrono::steady_clock::now() - begun < 10s);
  CHECK(servers().commands().back() == "QUIT");
}

TEST_CASE_METHOD(Post, "mailer: nothing is sent where nobody is") {
  auto request = to("plain");
  request.url = "smtp://127.0.0.1:" + std::to_string(tba::tests::unused_port());
  auto failure = failure_of(request);
  CHECK(failure.kind == Kind::connect);
  CHECK_FALSE(failure.sent);
  request.url = "smtp://mail.invalid";
  failure = failure_of(request);
  CHECK(failure.kind == Kind::dns);
  CHECK_FALSE(failure.sent);
}

TEST_CASE_METHOD(Post, "mailer: what cannot be sent is not tried") {
  auto request = to("plain");
  request.url = "http://127.0.0.1";
  CHECK_THAT(failure_of(request).message, Contains("does not begin with smtp:// or smtps://"));
  request.url = "smtp://127.0.0.1/\r\nRSET";
  CHECK(failure_of(request).kind == Kind::invalid);
  CHECK_THAT(failure_of(to("plain", {})).message, Contains("no recipients"));
  CHECK_THAT(failure_of(to("plain", {"a@b.c>\r\nRSET"})).message, Contains("control character"));
  request = to("plain");
  request.envelope->sender = "a@b.c>\r\nRSET";
  CHECK_THAT(failure_of(request).message, Contains("control character"));
}

TEST_CASE_METHOD(Post, "mailer: a large message arrives whole") {
  auto request = as_bot(to("tls"));
  auto& message = request.envelope->message;
  while (message.size() < std::size_t{14} << 20) message += std::string(76, 'x') + "\r\n";
  CHECK(reply_to(request).code == 250);
  CHECK(servers().messages()[0]["bytes"] == message.size());
}

TEST_CASE_METHOD(Post, "mailer: many messages are sent, a few at a time") {
  boost::asio::io_context context;
  CurlMailer mailer({.requests_to_server = 2, .requests = 4, .ca_file = {}});
  int taken = 0;
  for (int i = 0; i < 20; ++i) {
    boost::asio::co_spawn(context, mailer.send(to("plain")),
                          [&](std::exception_ptr, const MailResult& result) {
                            taken += result && result->code == 250 ? 1 : 0;
                          });
  }
  context.run();
  CHECK(taken == 20);
  CHECK(servers().messages().size() == 20);
  CHECK(servers().most_at_a_time() <= 2);
}

TEST_CASE_METHOD(Post, "mailer: a cancelled message ends soon, be it that it still waits") {
  boost::asio::io_context context;
  CurlMailer mailer({.requests_to_server = 1, .requests = 1, .ca_file = {}});
  std::vector<boost::asio::cancellation_signal> cancels(2);
  std::vector<HttpFailure> failures;
  for (auto& cancel : cancels) {
    boost::asio::co_spawn(context, mailer.send(to("mute")),
                          boost::asio::bind_cancellation_slot(
                              cancel.slot(), [&](std::exception_ptr, const MailResult& result) {
                                if (!result) failures.push_back(result.error());
                              }));
  }
  // Once the first one is under way.
  std::thread watch([&] {
    tba::tests::eventually([&] { return servers().commands().size() == 4; });
    boost::asio::post(context, [&] {
      for (auto& cancel : cancels) cancel.emit(boost::asio::cancellation_type::terminal);
    });
  });
  context.run();
  watch.join();
  REQUIRE(failures.size() == 2);
  CHECK(failures[0].kind == Kind::cancelled);
  CHECK_FALSE(failures[0].sent);  // the one that waited
  CHECK(failures[1].kind == Kind::cancelled);
}

TEST_CASE_METHOD(Post, "mailer: the end of the daemon ends what is under way, and what waits") {
  boost::asio::io_context context;
  CurlMailer mailer({.requests_to_server = 1, .requests = 1, .ca_file = {}});
  std::vector<HttpFailure> failures;
  for (int i = 0; i < 2; ++i) {
    boost::asio::co_spawn(context, mailer.send(to("mute")),
                          [&](std::exception_ptr, const MailResult& result) {
                            if (!result) failures.push_back(result.error());
                          });
  }
  std::thread watch([&] {
    tba::tests::eventually([&] { return servers().commands().size() == 4; });
    mailer.stop();
  });
  context.run();
  watch.join();
  REQUIRE(failures.size() == 2);
  CHECK(failures[0].kind == Kind::stopping);
  CHECK(failures[1].kind == Kind::stopping);
  const auto afterwards = tba::tests::run_coroutine(mailer.send(to("plain")));
  REQUIRE(afterwards.has_error());
  CHECK(afterwards.error().kind == Kind::stopping);
}
