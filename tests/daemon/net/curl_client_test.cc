#include "daemon/net/curl_client.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <latch>
#include <set>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>

#include "tests/support/certificate.h"
#include "tests/support/eventually.h"
#include "tests/support/http_server.h"
#include "tests/support/raw_server.h"
#include "tests/support/run_coroutine.h"
#include "tests/support/temporary_folder.h"

using namespace std::chrono_literals;
using tba::net::CurlClient;
using tba::net::CurlClientOptions;
using tba::net::HttpFailure;
using tba::net::HttpRequest;
using tba::net::HttpResult;
using tba::tests::answer;
using tba::tests::HttpServer;
using tba::tests::RawConnection;
using tba::tests::RawServer;
using tba::tests::run_coroutine;
using Kind = HttpFailure::Kind;

namespace {

/// A started client that is used from one thread.
class Client {
 public:
  explicit Client(CurlClientOptions options = {}) : client_(std::move(options)) {
    REQUIRE(client_.start().has_value());
  }
  HttpResult send(HttpRequest request) { return run_coroutine(client_.send(std::move(request))); }
  HttpResult get(std::string url) { return send({.url = std::move(url)}); }
  CurlClient& operator*() { return client_; }

 private:
  CurlClient client_;
};

/// The failure that it must be.
HttpFailure failure_of(const HttpResult& result) {
  REQUIRE(result.has_error());
  UNSCOPED_INFO(result.error().message);
  return result.error();
}

/// Answers every request of a connection alike.
RawServer::Script always(std::string bytes) {
  return [bytes](RawConnection& connection) {
    while (connection.read_request()) connection.write(bytes);
  };
}

void never_answer(RawConnection& connection) {
  connection.wait_for_end();
}

}  // namespace

TEST_CASE("http client: gives status, headers in lower case and body") {
  HttpServer server([](httplib::Server& routes) {
    routes.Get("/teapot", [](const httplib::Request&, httplib::Response& response) {
      response.status = 418;
      response.set_header("X-Kettle", "Copper");
      response.set_content("short and stout", "text/plain");
    });
  });
  Client client;
  const auto result = client.get(server.url("/teapot"));
  REQUIRE(result.has_value());
  CHECK(result->status == 418);
  REQUIRE(result->header("x-kettle"));
  CHECK(*result->header("x-kettle") == "Copper");
  CHECK(result->header("x-absent") == nullptr);
  CHECK(result->body == "short and stout");
}

TEST_CASE("http client: sends method, headers and body as they are, and says who it is") {
  std::string seen;
  RawServer server([&](RawConnection& connection) {
    seen = connection.read_request().value_or("");
    connection.write(answer(""));
  });
  Client client;
  REQUIRE(client
              .send({.method = "PATCH",
                     .url = server.url("/a?b=c%20d"),
                     .headers = {{"X-One", "1"}, {"X-Two", "2"}, {"X-One", "3"}, {"X-None", ""}},
                     .body = "{\"a\": 1}"})
              .has_value());
  CHECK_THAT(seen, Catch::StartsWith("PATCH /a?b=c%20d HTTP/1.1\r\n"));
  CHECK_THAT(seen, Catch::Contains("\r\nX-One: 1\r\nX-Two: 2\r\nX-One: 3\r\nX-None:\r\n"));
  CHECK_THAT(seen, Catch::Contains("\r\nUser-Agent: tba-integrate/"));
  CHECK_THAT(seen, Catch::Contains("\r\nAccept-Encoding: "));
  CHECK_THAT(seen, Catch::Contains("\r\nContent-Length: 8\r\n"));
  CHECK_THAT(seen, Catch::EndsWith("\r\n\r\n{\"a\": 1}"));
  CHECK_THAT(seen, !Catch::Contains("Content-Type"));
}

TEST_CASE("http client: a request that follows on the same handle inherits nothing") {
  std::vector<std::string> seen;
  RawServer server([&](RawConnection& connection) {
    while (auto request = connection.read_request()) {
      const bool is_head = request->starts_with("HEAD");
      seen.push_back(*std::move(request));
      connection.write(is_head ? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n" : answer(""));
    }
  });
  Client client;
  for (const auto& [method, body] :
       {std::pair("POST", "text"), std::pair("GET", ""), std::pair("HEAD", ""),
        std::pair("DELETE", ""), std::pair("POST", ""), std::pair("PUT", ""),
        std::pair("GET", "")}) {
    REQUIRE(client.send({.method = method, .url = server.url(), .body = body}).has_value());
  }
  REQUIRE(seen.size() == 7);
  CHECK_THAT(seen[0], Catch::EndsWith("\r\n\r\ntext"));
  for (const auto index : {1, 2, 3, 6}) {
    CHECK_THAT(seen[static_cast<std::size_t>(index)], !Catch::Contains("Content-Length"));
  }
  CHECK_THAT(seen[1], Catch::StartsWith("GET / "));
  CHECK_THAT(seen[2], Catch::StartsWith("HEAD / "));
  CHECK_THAT(seen[3], Catch::StartsWith("DELETE / "));
  CHECK_THAT(seen[4], Catch::StartsWith("POST / ") && Catch::Contains("Content-Length: 0"));
  CHECK_THAT(seen[5], Catch::StartsWith("PUT / ") && Catch::Contains("Content-Length: 0"));
}

TEST_CASE("http client: a large body is sent without asking first") {
  std::string head;
  std::size_t size = 0;
  RawServer server([&](RawConnection& connection) {
    const auto request = connection.read_request().value_or("");
    head = request.substr(0, request.find("\r\n\r\n"));
    size = request.size() - head.size() - 4;
    connection.write(answer(""));
  });
  Client client;
  REQUIRE(client.send({.method = "POST", .url = server.url(), .body = std::string(3 << 20, 'x')})
              .has_value());
  CHECK(size == 3 << 20);
  CHECK_THAT(head, !Catch::Contains("Expect"));
}

TEST_CASE("http client: keeps its connection") {
  std::atomic<int> connections = 0;
  RawServer server([&](RawConnection& connection) {
    ++connections;
    always(answer("ok"))(connection);
  });
  Client client;
  for (int i = 0; i < 10; ++i) REQUIRE(client.get(server.url()).has_value());
  CHECK(connections == 1);
}

TEST_CASE("http client: interim answers leave nothing behind") {
  RawServer server(always("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" + answer("late")));
  Client client;
  const auto result = client.get(server.url());
  REQUIRE(result.has_value());
  CHECK(result->status == 200);
  CHECK(result->header("x-early") == nullptr);
  CHECK(result->body == "late");
}

TEST_CASE("http client: a folded header is one value") {
  RawServer server(always("HTTP/1.1 200 OK\r\nX-Long: one\r\n two\r\nContent-Length: 0\r\n\r\n"));
  Client client;
  const auto result = client.get(server.url());
  REQUIRE(result.has_value());
  REQUIRE(result->header("x-long"));
  CHECK(*result->header("x-long") == "one two");
}

TEST_CASE("http client: compressed answers are given plain, and bounded as such") {
  const std::string text(1 << 20, 'a');
  HttpServer server([&](httplib::Server& routes) {
    routes.Get("/", [&](const httplib::Request&, httplib::Response& response) {
      response.set_content(text, "text/plain");
    });
  });
  Client client;
  const auto result = client.send({.url = server.url(), .headers = {{"Accept-Encoding", "gzip"}}});
  REQUIRE(result.has_value());
  CHECK(result->body == text);
  CHECK(result->header("content-encoding") == nullptr);
  CHECK(result->header("content-length") == nullptr);

  HttpRequest bounded{.url = server.url(), .headers = {{"Accept-Encoding", "gzip"}}};
  bounded.max_response_bytes = text.size() - 1;
  CHECK(failure_of(client.send(bounded)).kind == Kind::too_large);
}

TEST_CASE("http client: an answer may be as large as the limit and no larger") {
  RawServer server(always(answer("0123456789")));
  Client client;
  HttpRequest request{.url = server.url()};
  request.max_response_bytes = 10;
  CHECK(client.send(request).has_value());
  request.max_response_bytes = 9;
  const auto failure = failure_of(client.send(request));
  CHECK(failure.kind == Kind::too_large);
  CHECK(failure.sent);
}

TEST_CASE("http client: headers without end are cut off") {
  RawServer server([](RawConnection& connection) {
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 1000; ++i) connection.write("X-More: " + std::string(1000, 'x') + "\r\n");
    connection.wait_for_end();
  });
  Client client;
  CHECK(failure_of(client.get(server.url())).kind == Kind::too_large);
}

// --- what cannot be sent

TEST_CASE("http client: what would smuggle a line is refused, and nothing is sent") {
  std::atomic<int> connections = 0;
  RawServer server([&](RawConnection&) { ++connections; });
  const auto url = server.url();
  const auto [what, request] = GENERATE_REF(table<std::string, HttpRequest>({
      {"header name", {.url = url, .headers = {{"X-A\r\nX-B", "1"}}}},
      {"header name with a colon", {.url = url, .headers = {{"X-A:", "1"}}}},
      {"empty header name", {.url = url, .headers = {{"", "1"}}}},
      {"CR LF in a header", {.url = url, .headers = {{"X-A", "1\r\nX-B: 2"}}}},
      {"LF in a header", {.url = url, .headers = {{"X-A", "1\nX-B: 2"}}}},
      {"NUL in a header", {.url = url, .headers = {{"X-A", std::string("1\0", 2)}}}},
      {"length by hand", {.url = url, .headers = {{"content-length", "5"}}}},
      {"encoding by hand", {.url = url, .headers = {{"Transfer-Encoding", "chunked"}}}},
      {"expectation by hand", {.url = url, .headers = {{"Expect", "100-continue"}}}},
      {"CR LF in the URL", {.url = url + "a\r\nX-B: 2"}},
      {"blank in the URL", {.url = url + "a b"}},
      {"NUL in the URL", {.url = url + std::string("\0", 1)}},
      {"method", {.method = "GET / HTTP/1.1\r\nX-B: 2\r\n\r\n", .url = url}},
      {"no method", {.method = "", .url = url}},
      {"body of HEAD", {.method = "HEAD", .url = url, .body = "x"}},
      {"file", {.url = "file:///etc/passwd"}},
      {"no scheme", {.url = "127.0.0.1:" + std::to_string(server.port())}},
      {"no host", {.url = "http:///"}},
      {"bad port", {.url = "http://127.0.0.1:port/"}},
      {"nothing", {.url = ""}},
  }));
  CAPTURE(what);
  Client client;
  const auto failure = failure_of(client.send(request));
  CHECK(failure.kind == Kind::invalid);
  CHECK_FALSE(failure.sent);
  CHECK(connections == 0);
}

TEST_CASE("http client: a failure shows no part of the URL that may be secret") {
  Client client;
  const auto port = std::to_string(tba::tests::unused_port());
  const auto failure = failure_of(
      client.get("http://user:password@127.0.0.1:" + port + "/hooks/token?key=hidden#fragment"));
  CHECK_THAT(failure.message, Catch::StartsWith("GET to http://127.0.0.1:" + port + " failed: "));
  for (const auto* secret : {"user", "password", "token", "hidden", "fragment"}) {
    CHECK_THAT(failure.message, !Catch::Contains(secret));
  }
}

// --- whether it was sent

TEST_CASE("http client: what nobody listens for was not sent") {
  Client client;
  const auto failure =
      failure_of(client.get("http://127.0.0.1:" + std::to_string(tba::tests::unused_port())));
  CHECK(failure.kind == Kind::connect);
  CHECK_FALSE(failure.sent);
}

TEST_CASE("http client: what has an unknown name was not sent") {
  Client client;
  // No resolver is asked for a label of more than 63 bytes.
  const auto failure = failure_of(client.get("http://" + std::string(64, 'a') + ".invalid/"));
  CHECK(failure.kind == Kind::dns);
  CHECK_FALSE(failure.sent);
}

TEST_CASE("http client: what times out while connecting was not sent") {
  RawServer server(never_answer);
  Client client;
  // TCP connects; the TLS handshake, which is part of connecting, never ends.
  HttpRequest request{.url = "https://127.0.0.1:" + std::to_string(server.port())};
  SECTION("by connect_timeout") {
    request.connect_timeout = 30ms;
  }
  SECTION("by timeout") {
    request.timeout = 30ms;
  }
  const auto failure = failure_of(client.send(request));
  CHECK(failure.kind == Kind::timeout);
  CHECK_FALSE(failure.sent);
}

TEST_CASE("http client: what fails in the TLS handshake was not sent") {
  RawServer server([](RawConnection& connection) { connection.write("220 this is not TLS\r\n"); });
  Client client;
  const auto failure = failure_of(client.get("https://127.0.0.1:" + std::to_string(server.port())));
  CHECK(failure.kind == Kind::tls);
  CHECK_FALSE(failure.sent);
}

TEST_CASE("http client: what times out without an answer was sent") {
  RawServer server(never_answer);
  Client client;
  HttpRequest request{.url = server.url()};
  request.timeout = 30ms;
  const auto failure = failure_of(client.send(request));
  CHECK(failure.kind == Kind::timeout);
  CHECK(failure.sent);
}

TEST_CASE("http client: what the far side breaks off was sent") {
  const auto [what, script] = GENERATE(table<std::string, RawServer::Script>({
      {"closed without an answer", [](RawConnection& connection) { connection.read_request(); }},
      {"reset without an answer",
       [](RawConnection& connection) {
         connection.read_request();
         connection.reset();
       }},
      {"half a head",
       [](RawConnection& connection) {
         connection.read_request();
         connection.write("HTTP/1.1 200 OK\r\nContent-Le");
       }},
      {"half a body",
       [](RawConnection& connection) {
         connection.read_request();
         connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
       }},
      {"half a chunked body",
       [](RawConnection& connection) {
         connection.read_request();
         connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal");
       }},
  }));
  CAPTURE(what);
  RawServer server(script);
  Client client;
  const auto failure = failure_of(client.get(server.url()));
  CHECK(failure.kind == Kind::reset);
  CHECK(failure.sent);
}

TEST_CASE("http client: an answer that is not HTTP is refused") {
  RawServer server(always("hello\r\n\r\n"));
  Client client;
  const auto failure = failure_of(client.get(server.url()));
  CHECK(failure.kind == Kind::protocol);
  CHECK(failure.sent);
}

// --- once

TEST_CASE("http client: a request that must not be sent twice is not, on whatever dies under it") {
  const auto method = GENERATE(as<std::string>{}, "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE");
  const auto body_bytes = GENERATE(std::size_t{0}, std::size_t{20}, std::size_t{1} << 20);
  const bool resets = GENERATE(false, true);
  if (method == "HEAD" && body_bytes > 0) return;
  CAPTURE(method, body_bytes, resets);

  // The first connection answers once, so that it is kept; then it acts and dies unanswered.
  std::atomic<int> acted = 0;
  std::atomic<int> resent = 0;
  RawServer server([&](RawConnection& connection) {
    if (connection.number() > 0) {
      while (connection.read_request()) {
        ++resent;
        connection.write(answer(""));
      }
      return;
    }
    connection.read_request();
    connection.write(answer("first"));
    connection.read_request();
    ++acted;
    if (resets) connection.reset();
  });
  Client client;
  REQUIRE(client.get(server.url()).has_value());
  HttpRequest request{.method = method, .url = server.url(), .body = std::string(body_bytes, 'x')};

  SECTION("once") {
    request.may_resend = false;
    const auto failure = failure_of(client.send(request));
    CHECK(failure.kind == Kind::reset);
    CHECK(failure.sent);
    CHECK(acted == 1);
    CHECK(resent == 0);
  }
  SECTION("while one that may be is: the connection was dead, not the server") {
    CHECK(client.send(request).has_value());
    CHECK(acted == 1);
    CHECK(resent == 1);
  }
}

TEST_CASE("http client: a connection that dies in the middle of a body does not send it again") {
  std::atomic<int> connections = 0;
  std::atomic<bool> seen_head = false;
  RawServer server([&](RawConnection& connection) {
    ++connections;
    connection.read_request();
    connection.write(answer("first"));
    if (connection.number() > 0) {
      seen_head = connection.read_request().has_value();
      return;
    }
    connection.reset();  // With the body under way, or even before its head is there.
  });
  Client client;
  REQUIRE(client.get(server.url()).has_value());
  HttpRequest request{.method = "POST", .url = server.url(), .body = std::string(8 << 20, 'x')};
  request.may_resend = false;
  // The reset may come before libcurl picks a connection; then a new one serves.
  const auto result = client.send(request);
  if (result.has_error()) {
    CHECK(result.error().kind == Kind::reset);
    CHECK_FALSE(seen_head);
  }
}

// --- logins by digest

namespace {

const std::string kAsked = answer("",
                                  "401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"here\", "
                                  "nonce=\"n1\", qop=\"auth\", algorithm=SHA-256");

HttpRequest posted_by_digest(const std::string& url) {
  return {.method = "POST",
          .url = url,
          .headers = {{"Content-Type", "text/plain"}},
          .body = "the body",
          .may_resend = false,
          .digest_login = tba::net::Login{"me", "s3cret"}};
}

}  // namespace

TEST_CASE("http client: a login by digest sends the body once, when it was asked who calls") {
  std::vector<std::string> seen;
  RawServer server([&](RawConnection& connection) {
    while (const auto request = connection.read_request()) {
      seen.push_back(*request);
      connection.write(seen.size() == 1 ? kAsked : answer("done"));
    }
  });
  Client client;
  const auto result = client.send(posted_by_digest(server.url("/a?b=c")));
  REQUIRE(result.has_value());
  CHECK(result->status == 200);
  CHECK(result->body == "done");
  REQUIRE(seen.size() == 2);
  CHECK_THAT(seen[0], Catch::Contains("Content-Length: 0\r\n") && !Catch::Contains("the body") &&
                          !Catch::Contains("Authorization"));
  CHECK_THAT(seen[1], Catch::EndsWith("the body") &&
                          Catch::Contains("Authorization: Digest username=\"me\"") &&
                          Catch::Contains("uri=\"/a?b=c\"") && !Catch::Contains("s3cret"));
}

TEST_CASE("http client: a password that is wrong leaves the answer that says so") {
  int requests = 0;
  RawServer server([&](RawConnection& connection) {
    while (connection.read_request()) {
      ++requests;
      connection.write(kAsked);
    }
  });
  Client client;
  const auto result = client.send(posted_by_digest(server.url()));
  REQUIRE(result.has_value());
  CHECK(result->status == 401);
  CHECK(requests == 2);
}

TEST_CASE("http client: what was only sent to be asked who calls counts as nothing sent") {
  RawServer server([](RawConnection& connection) {
    connection.read_request();
    connection.write(
        "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"here\", "
        "nonce=\"n1\", qop=\"auth\"\r\nContent-Length: 5\r\n\r\n");
    connection.wait_for_end();
  });
  Client client;
  auto request = posted_by_digest(server.url());
  request.timeout = 200ms;
  const auto failure = failure_of(client.send(request));
  CHECK(failure.kind == Kind::timeout);
  CHECK_FALSE(failure.sent);
}

TEST_CASE("http client: a login by digest that dies under the body is not tried again") {
  std::atomic<int> bodies = 0;
  RawServer server([&](RawConnection& connection) {
    connection.read_request();
    connection.write(kAsked);
    if (connection.read_request()) ++bodies;
    connection.reset();
  });
  Client client;
  const auto failure = failure_of(client.send(posted_by_digest(server.url())));
  CHECK(failure.kind == Kind::reset);
  CHECK(failure.sent);
  CHECK(bodies == 1);
}

TEST_CASE("http client: an answer to a request whose body nobody asked for is none to it") {
  std::atomic<int> requests = 0;
  RawServer server([&](RawConnection& connection) {
    while (connection.read_request()) {
      ++requests;
      connection.write(answer("welcome"));
    }
  });
  Client client;
  auto request = posted_by_digest(server.url());
  const auto failure = failure_of(client.send(request));
  CHECK(failure.kind == Kind::protocol);
  CHECK(failure.sent);
  CHECK_THAT(failure.message, Catch::Contains("answered before its body was sent"));
  CHECK(requests == 1);
  request.may_resend = true;
  CHECK(client.send(request).has_value());
  CHECK(requests == 3);
}

TEST_CASE("http client: a login by digest is answered to its own origin only") {
  std::string elsewhere;
  RawServer other([&](RawConnection& connection) {
    elsewhere = connection.read_request().value_or("");
    connection.write(kAsked);
  });
  RawServer server([&](RawConnection& connection) {
    connection.read_request();
    connection.write(kAsked);
    connection.read_request();
    connection.write(answer("", "307 Away\r\nLocation: " + other.url("/b")));
  });
  Client client;
  auto request = posted_by_digest(server.url());
  request.follow_redirects = true;
  const auto result = client.send(request);
  REQUIRE(result.has_value());
  CHECK(result->status == 401);
  CHECK_THAT(elsewhere, Catch::StartsWith("POST /b ") && !Catch::Contains("Digest"));
}

TEST_CASE("http client: a login by digest is not remembered for the next request") {
  std::vector<std::string> seen;
  RawServer server([&](RawConnection& connection) {
    while (const auto request = connection.read_request()) {
      seen.push_back(*request);
      connection.write(request->find("Authorization") == std::string::npos ? kAsked : answer("ok"));
    }
  });
  Client client;
  REQUIRE(client.send(posted_by_digest(server.url())).has_value());
  const auto plain = client.get(server.url());
  REQUIRE(plain.has_value());
  CHECK(plain->status == 401);
  auto another = posted_by_digest(server.url());
  another.digest_login->username = "you";
  REQUIRE(client.send(another).has_value());
  REQUIRE(seen.size() == 5);
  CHECK_THAT(seen[2] + seen[3], !Catch::Contains("Digest"));
  CHECK_THAT(seen[4], Catch::Contains("username=\"you\""));
}

// --- redirects

TEST_CASE("http client: a redirect is an answer like any other, unless it is to be followed") {
  RawServer server(always("HTTP/1.1 302 Found\r\nLocation: /else\r\nContent-Length: 0\r\n\r\n"));
  Client client;
  const auto result = client.send({.method = "POST", .url = server.url()});
  REQUIRE(result.has_value());
  CHECK(result->status == 302);
  CHECK(*result->header("location") == "/else");
}

TEST_CASE("http client: followed redirects keep or change the method as their status says") {
  const auto [status, sent, then] = GENERATE(table<int, std::string, std::string>({
      {301, "POST", "GET"},
      {302, "POST", "GET"},
      {303, "POST", "GET"},
      {303, "PUT", "GET"},
      {303, "HEAD", "HEAD"},
      {302, "PUT", "PUT"},
      {307, "POST", "POST"},
      {308, "POST", "POST"},
      {308, "GET", "GET"},
  }));
  CAPTURE(status, sent);
  std::string seen;
  RawServer server([&, code = status](RawConnection& connection) {
    connection.read_request();
    connection.write("HTTP/1.1 " + std::to_string(code) +
                     " Moved\r\nLocation: next?a=b\r\nContent-Length: 0\r\n\r\n");
    seen = connection.read_request().value_or("");
    connection.write("HTTP/1.1 200 OK\r\nX-Last: yes\r\nContent-Length: 0\r\n\r\n");
  });
  Client client;
  HttpRequest request{.method = sent,
                      .url = server.url("/folder/first"),
                      .headers = {{"Authorization", "Bearer x"}, {"Content-Type", "text/plain"}},
                      .body = sent == "POST" || sent == "PUT" ? "text" : ""};
  request.follow_redirects = true;
  request.may_resend = false;
  const auto result = client.send(request);
  REQUIRE(result.has_value());
  CHECK(result->status == 200);
  CHECK(result->header("location") == nullptr);
  CHECK_THAT(seen, Catch::StartsWith(then + " /folder/next?a=b HTTP/1.1\r\n"));
  CHECK_THAT(seen, Catch::Contains("Authorization: Bearer x"));
  const bool keeps_body = then == "POST" || then == "PUT";
  CHECK(Catch::EndsWith("text").match(seen) == keeps_body);
  CHECK((Catch::Contains("Content-Type").match(seen)) ==
        (keeps_body || then != "GET" || sent == "GET"));
}

TEST_CASE("http client: no credential goes along to another origin") {
  std::string seen;
  RawServer other([&](RawConnection& connection) {
    seen = connection.read_request().value_or("");
    connection.write(answer("there"));
  });
  RawServer server(always("HTTP/1.1 307 Moved\r\nLocation: " + other.url("/there") +
                          "\r\nContent-Length: 0\r\n\r\n"));
  Client client;
  HttpRequest request{.method = "POST",
                      .url = "http://user:password@127.0.0.1:" + std::to_string(server.port()),
                      .headers = {{"Authorization", "Bearer x"},
                                  {"X-Api-Key", "secret"},
                                  {"Cookie", "a=b"},
                                  {"accept", "text/plain"}},
                      .body = "text"};
  request.follow_redirects = true;
  const auto result = client.send(request);
  REQUIRE(result.has_value());
  CHECK(result->body == "there");
  CHECK_THAT(seen, Catch::StartsWith("POST /there HTTP/1.1\r\n"));
  CHECK_THAT(seen, Catch::Contains("accept: text/plain"));
  for (const auto* field : {"Authorization", "X-Api-Key", "Cookie"}) {
    CHECK_THAT(seen, !Catch::Contains(field));
  }
}

TEST_CASE("http client: redirects without end, or away from HTTP, end as a failure") {
  const auto target =
      GENERATE(as<std::string>{}, "/again", "ftp://127.0.0.1/", "file:///etc/passwd");
  CAPTURE(target);
  std::atomic<int> requests = 0;
  RawServer server([&](RawConnection& connection) {
    while (connection.read_request()) {
      ++requests;
      connection.write("HTTP/1.1 302 Found\r\nLocation: " + target +
                       "\r\nContent-Length: 0\r\n\r\n");
    }
  });
  Client client;
  HttpRequest request{.url = server.url()};
  request.follow_redirects = true;
  const auto failure = failure_of(client.send(request));
  CHECK(failure.kind == Kind::protocol);
  CHECK(failure.sent);
  CHECK(requests == (target == "/again" ? 11 : 1));
}

TEST_CASE("http client: after a redirect the request was sent, though its target is not there") {
  const auto port = std::to_string(tba::tests::unused_port());
  RawServer server(always("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:" + port +
                          "/\r\nContent-Length: 0\r\n\r\n"));
  Client client;
  HttpRequest request{.url = server.url()};
  request.follow_redirects = true;
  const auto failure = failure_of(client.send(request));
  CHECK(failure.kind == Kind::connect);
  CHECK(failure.sent);
}

// --- TLS

TEST_CASE("http client: TLS is verified") {
  const tba::tests::TemporaryFolder folder;
  const auto certificate = tba::tests::make_certificate();
  const auto file = folder.write("certificate.pem", certificate.certificate).string();
  const auto key = folder.write("key.pem", certificate.key).string();
  std::atomic<int> requests = 0;
  HttpServer server(file, key, [&](httplib::Server& routes) {
    routes.Get("/", [&](const httplib::Request&, httplib::Response& response) {
      ++requests;
      response.set_content("safe", "text/plain");
    });
    routes.Get("/plain", [&](const httplib::Request&, httplib::Response& response) {
      response.set_redirect("http://127.0.0.1/");
    });
  });

  SECTION("an unknown issuer is refused before anything is sent") {
    Client client;
    const auto failure = failure_of(client.get(server.url()));
    CHECK(failure.kind == Kind::tls);
    CHECK_FALSE(failure.sent);
    CHECK(requests == 0);
  }
  SECTION("a name that the certificate does not hold is refused") {
    Client client({.ca_file = file});
    const auto failure =
        failure_of(client.get("https://127.0.0.2:" + std::to_string(server.port())));
    // The server listens on 127.0.0.1 only; either way nothing was sent.
    CHECK((failure.kind == Kind::tls || failure.kind == Kind::connect));
    CHECK_FALSE(failure.sent);
  }
  SECTION("a known issuer is trusted") {
    Client client({.ca_file = file});
    const auto result = client.get(server.url());
    REQUIRE(result.has_value());
    CHECK(result->body == "safe");
  }
  SECTION("a redirect does not leave it") {
    Client client({.ca_file = file});
    HttpRequest request{.url = server.url("/plain")};
    request.follow_redirects = true;
    CHECK(failure_of(client.send(request)).kind == Kind::protocol);
  }
}

// --- proxies

TEST_CASE("http client: goes through the environment's proxy, but not to the machine itself") {
  RawServer proxy([](RawConnection& connection) {
    const auto request = connection.read_request().value_or("");
    connection.write(answer(request.substr(0, request.find("\r\n"))));
  });
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  ::setenv("no_proxy", (std::string(64, 'a') + ".invalid").c_str(), 1);
  RawServer server(always(answer("direct")));
  {
    Client client;
    const auto far = client.get("http://far.invalid/path");
    const auto near = client.get(server.url());
    const auto spared = client.get("http://spared." + std::string(64, 'a') + ".invalid/");
    CHECK((far.has_value() ? far->body : "") == "GET http://far.invalid/path HTTP/1.1");
    CHECK((near.has_value() ? near->body : "") == "direct");
    CHECK_FALSE(spared.has_value());
  }
  ::unsetenv("http_proxy");
  ::unsetenv("no_proxy");
}

// --- coroutines, cancellation, the end

TEST_CASE("http client: a thousand requests at once share a few connections") {
  std::atomic<int> connections = 0;
  RawServer server([&](RawConnection& connection) {
    ++connections;
    always(answer("ok"))(connection);
  });
  boost::asio::io_context context;
  CurlClient client({.requests_to_origin = 8});
  REQUIRE(client.start().has_value());
  int completed = 0;
  for (int i = 0; i < 1000; ++i) {
    boost::asio::co_spawn(context,
                          client.send({.method = "POST", .url = server.url(), .body = "x"}),
                          [&](std::exception_ptr thrown, HttpResult result) {
                            if (!thrown && result && result->body == "ok") ++completed;
                          });
  }
  context.run();
  CHECK(completed == 1000);
  CHECK(connections <= 8);
}

TEST_CASE("http client: to cancel a request that is answered, but not yet resumed, does nothing") {
  std::atomic<std::size_t> answered = 0;
  RawServer server([&](RawConnection& connection) {
    while (connection.read_request()) {
      connection.write(answer("ok"));
      ++answered;
    }
  });
  boost::asio::io_context context;
  Client client({.requests_to_origin = 1});
  std::vector<boost::asio::cancellation_signal> cancels(300);  // More than handles are kept.
  std::size_t completed = 0;
  for (auto& cancel : cancels) {
    boost::asio::co_spawn(context, (*client).send({.url = server.url()}),
                          boost::asio::bind_cancellation_slot(
                              cancel.slot(), [&](std::exception_ptr, HttpResult result) {
                                if (result.has_value()) ++completed;
                              }));
  }
  context.poll();
  // With one connection, one more answer that came tells that all those before it have.
  REQUIRE(tba::tests::eventually([&] { return answered == cancels.size(); }));
  REQUIRE(client.get(server.url()).has_value());
  for (auto& cancel : cancels) cancel.emit(boost::asio::cancellation_type::terminal);
  CHECK(client.get(server.url()).has_value());
  context.run();
  CHECK(completed == cancels.size());
}

TEST_CASE("http client: the coroutine goes on where it was") {
  RawServer server(always(answer("ok")));
  Client client;
  std::thread::id after;
  run_coroutine([](CurlClient& http, std::string url,
                   std::thread::id& thread) -> boost::asio::awaitable<int> {
    HttpRequest request{.url = url};  // g++ 12 destroys a temporary aggregate in co_await twice.
    const auto result = co_await http.send(std::move(request));
    CHECK((result.has_error() ? result.error().message : "") == "");
    thread = std::this_thread::get_id();
    co_return 0;
  }(*client, server.url(), after));
  CHECK(after == std::this_thread::get_id());
}

TEST_CASE("http client: a cancelled request ends at once, and its connection with it") {
  std::promise<void> arrived, gone;
  RawServer server([&](RawConnection& connection) {
    connection.read_request();
    arrived.set_value();
    connection.wait_for_end();
    gone.set_value();
  });
  boost::asio::io_context context;
  Client client;
  boost::asio::cancellation_signal cancel;
  std::optional<HttpResult> outcome;
  boost::asio::co_spawn(context, (*client).send({.url = server.url()}),
                        boost::asio::bind_cancellation_slot(
                            cancel.slot(), [&](std::exception_ptr, HttpResult result) {
                              outcome.emplace(std::move(result));
                            }));
  std::thread waiting([&] {
    arrived.get_future().wait();
    boost::asio::post(context, [&] { cancel.emit(boost::asio::cancellation_type::terminal); });
  });
  context.run();
  waiting.join();
  REQUIRE(outcome.has_value());
  const auto failure = failure_of(*outcome);
  CHECK(failure.kind == Kind::cancelled);
  CHECK(failure.sent);
  gone.get_future().wait();
}

TEST_CASE("http client: a request that waits for a connection can be cancelled unsent") {
  std::atomic<int> requests = 0;
  std::promise<void> arrived;
  RawServer server([&](RawConnection& connection) {
    while (connection.read_request()) {
      if (++requests == 1) arrived.set_value();
    }
  });
  boost::asio::io_context context;
  CurlClient client({.requests_to_origin = 1});
  REQUIRE(client.start().has_value());
  boost::asio::cancellation_signal cancel_first, cancel_second;
  std::vector<HttpFailure> failures;
  const auto spawn = [&](boost::asio::cancellation_signal& signal) {
    boost::asio::co_spawn(context, client.send({.url = server.url()}),
                          boost::asio::bind_cancellation_slot(
                              signal.slot(), [&](std::exception_ptr, HttpResult result) {
                                failures.push_back(result.error());
                                cancel_first.emit(boost::asio::cancellation_type::terminal);
                              }));
  };
  spawn(cancel_first);
  std::thread waiting([&] {
    arrived.get_future().wait();
    boost::asio::post(context, [&] {
      spawn(cancel_second);
      boost::asio::post(context, [&] { cancel_second.emit(boost::asio::cancellation_type::all); });
    });
  });
  context.run();
  waiting.join();
  REQUIRE(failures.size() == 2);
  CHECK(failures[0].kind == Kind::cancelled);
  CHECK_FALSE(failures[0].sent);
  CHECK(failures[1].sent);
  CHECK(requests == 1);
}

TEST_CASE("http client: the time of a request begins when it is its turn") {
  constexpr std::chrono::milliseconds kTime{300};
  std::promise<void> time_is_over;
  RawServer server([over = time_is_over.get_future().share()](RawConnection& connection) {
    while (connection.read_request()) {
      over.wait();
      connection.write(answer("ok"));
    }
  });
  RawServer silent([](RawConnection& connection) {
    connection.read_request();
    connection.wait_for_end();
  });
  boost::asio::io_context context;
  CurlClient client({.requests_to_origin = 1});
  REQUIRE(client.start().has_value());
  int answered = 0;
  const auto count = [&](std::exception_ptr, HttpResult result) { answered += result ? 1 : 0; };
  boost::asio::co_spawn(context, client.send({.url = server.url()}), count);
  boost::asio::co_spawn(context, client.send({.url = server.url(), .timeout = kTime}), count);
  boost::asio::co_spawn(context, client.send({.url = silent.url(), .timeout = kTime}),
                        [&](std::exception_ptr, HttpResult result) {
                          CHECK(result.error().kind == Kind::timeout);
                          time_is_over.set_value();
                        });
  context.run();
  CHECK(answered == 2);
}

TEST_CASE("http client: stop() completes what waits for its turn") {
  std::latch arrived(1);
  RawServer server([&](RawConnection& connection) {
    connection.read_request();
    arrived.count_down();
    connection.wait_for_end();
  });
  boost::asio::io_context context;
  CurlClient client({.requests_to_origin = 1});
  REQUIRE(client.start().has_value());
  int unsent = 0;
  for (int i = 0; i < 5; ++i) {
    boost::asio::co_spawn(context, client.send({.url = server.url()}),
                          [&](std::exception_ptr, HttpResult result) {
                            CHECK(result.error().kind == Kind::stopping);
                            if (!result.error().sent) ++unsent;
                          });
  }
  context.poll();
  arrived.wait();
  client.stop();
  context.run();
  CHECK(unsent == 4);
}

TEST_CASE("http client: stop() completes everything in flight") {
  constexpr int kRequests = 50;
  std::latch arrived(kRequests);
  RawServer server([&](RawConnection& connection) {
    connection.read_request();
    arrived.count_down();
    connection.wait_for_end();
  });
  boost::asio::io_context context;
  Client client;
  int stopped = 0;
  for (int i = 0; i < kRequests; ++i) {
    boost::asio::co_spawn(context, (*client).send({.url = server.url()}),
                          [&](std::exception_ptr, HttpResult result) {
                            const auto failure = failure_of(result);
                            if (failure.kind == Kind::stopping && failure.sent) ++stopped;
                          });
  }
  std::thread stopping([&] {
    arrived.wait();
    (*client).stop();
  });
  context.run();
  stopping.join();
  CHECK(stopped == kRequests);

  SECTION("what is sent later is refused") {
    const auto failure = failure_of(client.get(server.url()));
    CHECK(failure.kind == Kind::stopping);
    CHECK_FALSE(failure.sent);
  }
  SECTION("a second stop() does nothing") {
    (*client).stop();
  }
}

TEST_CASE("http client: one that was never started refuses") {
  CurlClient client;
  const auto failure = failure_of(run_coroutine(client.send({.url = "http://127.0.0.1/"})));
  CHECK(failure.kind == Kind::stopping);
  CHECK_FALSE(failure.sent);
}
