#include "daemon/http/server.h"

#include <atomic>
#include <future>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <httplib.h>
#include <sys/stat.h>

#include "daemon/http/event_stream.h"
#include "daemon/http/problem.h"
#include "tests/daemon/http/server_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/temporary_folder.h"

namespace {

using namespace tba;
using namespace tba::http;
using namespace std::chrono_literals;
using boost::asio::awaitable;
using Catch::Contains;
using Catch::StartsWith;
using tests::RawClient;
using tests::RunningServer;

Route route(std::string method, std::string pattern, Handler handler,
            Reach reach = Reach::anywhere) {
  Route made;
  made.method = std::move(method);
  made.pattern = std::move(pattern);
  made.reach = reach;
  made.handler = std::move(handler);
  return made;
}

awaitable<Response> hello(Request) {
  co_return text_response(200, "hello");
}

/// Answers what it was asked: method, path, body.
awaitable<Response> echo(Request request) {
  co_return text_response(200, request.method + ' ' + request.path + ' ' + request.body);
}

awaitable<Response> fail(Request) {
  throw std::runtime_error("the password is swordfish");
  co_return Response();
}

/// Waits until it is cancelled.
awaitable<Response> hang(Request) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor,
                                  std::chrono::steady_clock::time_point::max());
  co_await timer.async_wait(boost::asio::use_awaitable);
  co_return Response();
}

std::vector<Route> routes_of_test() {
  std::vector<Route> routes = {route("GET", "/hello", hello), route("POST", "/echo", echo),
                               route("GET", "/fail", fail),
                               route("GET", "/local", hello, Reach::local)};
  routes.push_back(route("POST", "/small", echo));
  routes.back().max_body = 8;
  return routes;
}

/// Sends the text on a connection of its own and gives all that comes back.
std::string answer(const RunningServer& server, std::string_view text) {
  auto client = server.connect();
  client.send(text);
  return client.read_all();
}

constexpr std::string_view kClose = "Connection: close\r\n";

std::string get(std::string_view target, std::string_view headers = {}) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n";
}

/// A POST to /echo with these fields and body, as they are.
std::string post(std::string_view headers, std::string_view body) {
  return "POST /echo HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n" + std::string(body);
}

}  // namespace

TEST_CASE("server: a handler's answer arrives, with a date and its length") {
  RunningServer server(routes_of_test());
  httplib::Client client("127.0.0.1", server.port());
  const auto result = client.Get("/hello");
  REQUIRE(result);
  CHECK(result->status == 200);
  CHECK(result->body == "hello");
  CHECK(result->get_header_value("Content-Length") == "5");
  CHECK(result->get_header_value("Content-Type") == "text/plain; charset=utf-8");
  CHECK_THAT(result->get_header_value("Date"), Catch::EndsWith(" GMT"));
}

TEST_CASE("server: a HEAD is served by the GET, without the body") {
  RunningServer server(routes_of_test());
  const auto text = answer(server, "HEAD /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK_THAT(text, Contains("HTTP/1.1 200 OK") && Contains("Content-Length: 5") &&
                       Catch::EndsWith("\r\n\r\n"));
}

TEST_CASE("server: an unknown path is 404, an unknown method 405 with Allow") {
  RunningServer server(routes_of_test());
  httplib::Client client("127.0.0.1", server.port());
  const auto missing = client.Get("/nothing");
  REQUIRE(missing);
  CHECK(missing->status == 404);
  CHECK(missing->get_header_value("Content-Type") == "application/problem+json");
  CHECK_THAT(missing->body, Contains(R"("code":"not_found")"));
  const auto wrong = client.Delete("/hello");
  REQUIRE(wrong);
  CHECK(wrong->status == 405);
  CHECK(wrong->get_header_value("Allow") == "GET, HEAD");
}

TEST_CASE("server: a local route is on the unix socket only, which is its owner's only") {
  const tests::TemporaryFolder folder;
  const auto path = folder.path() / "daemon.sock";
  Peer seen;
  auto routes = routes_of_test();
  routes.push_back(route("GET", "/who", [&seen](Request request) {
    seen = request.peer;
    return hello(std::move(request));
  }));
  RunningServer server(std::move(routes), {}, path);
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK_THAT(answer(server, get("/local", kClose)), Contains(" 404 "));
  auto client = RawClient::local(path);
  client.send(get("/local") + get("/who", kClose));
  CHECK_THAT(client.read_all(), Contains(" 200 ") && !Contains(" 404 "));
  REQUIRE(seen.local);
  CHECK(seen.local->uid == getuid());
  CHECK(seen.local->pid == getpid());
  server.stop(0ms);
  CHECK(!std::filesystem::exists(path));
}

TEST_CASE("server: a peer on TCP has its address") {
  Peer seen;
  RunningServer server({route("GET", "/who", [&seen](Request request) {
    seen = request.peer;
    return hello(std::move(request));
  })});
  answer(server, get("/who", kClose));
  server.stop(0ms);
  CHECK(!seen.local);
  CHECK(seen.address == "127.0.0.1");
  CHECK(seen.port != 0);
}

TEST_CASE("server: a client is who a trusted proxy says, and the peer itself otherwise") {
  const auto tell = [](Request request) -> awaitable<Response> {
    co_return text_response(200, request.client + ' ' + request.sender());
  };
  const auto ask = [&](const std::string& trusted, const httplib::Headers& headers) {
    std::vector<IpNetwork> proxies;
    if (!trusted.empty()) proxies.push_back(*IpNetwork::parse(trusted));
    const RunningServer server({route("GET", "/", tell)}, {}, {}, proxies);
    httplib::Client client("127.0.0.1", server.port());
    const auto result = client.Get("/", headers);
    return result ? result->body : "no answer";
  };
  const httplib::Headers forwarded{{"X-Forwarded-For", "203.0.113.9"}};
  CHECK(ask("127.0.0.0/8", forwarded) == "203.0.113.9 203.0.113.9");
  CHECK(ask("127.0.0.0/8", {{"Forwarded", "for=203.0.113.9"}}) == "203.0.113.9 203.0.113.9");
  CHECK_THAT(ask("10.0.0.0/8", forwarded), StartsWith("127.0.0.1 127.0.0.1:"));
  CHECK_THAT(ask("", forwarded), StartsWith("127.0.0.1 127.0.0.1:"));
  // Whom a proxy passes on without saying so is not known.
  CHECK_THAT(ask("127.0.0.0/8", {}), StartsWith(" 127.0.0.1:"));
}

TEST_CASE("server: pipelined requests are answered in order on one connection") {
  RunningServer server(routes_of_test());
  auto client = server.connect();
  client.send(post("Content-Length: 3\r\n", "one") +
              post("Transfer-Encoding: chunked\r\n",
                   "2\r\ntw\r\n1;note=x\r\no\r\n0\r\nHost: trailer\r\n\r\n\r\n") +
              get("/nothing") + get("/hello", kClose));
  CHECK_THAT(client.read_until("POST /echo one"), Contains(" 200 "));
  CHECK_THAT(client.read_until("POST /echo two"), Contains(" 200 "));
  CHECK_THAT(client.read_until("nothing at /nothing\"}"), Contains(" 404 "));
  CHECK_THAT(client.read_all(), Contains("Connection: close") && Catch::EndsWith("hello"));
}

TEST_CASE("server: a request may arrive byte by byte") {
  RunningServer server(routes_of_test());
  auto client = server.connect();
  for (const char c : post("Content-Length: 2\r\n", "ok")) client.send(std::string_view(&c, 1));
  CHECK_THAT(client.read_until("POST /echo ok"), Contains(" 200 "));
}

TEST_CASE("server: HTTP/1.0 closes unless it asks otherwise") {
  RunningServer server(routes_of_test());
  CHECK_THAT(answer(server, "GET /hello HTTP/1.0\r\n\r\n"), Contains("Connection: close"));
  auto client = server.connect();
  client.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK_THAT(client.read_until("hello"), Contains("Connection: keep-alive"));
  client.send("GET /hello HTTP/1.0\r\n\r\n");
  CHECK_THAT(client.read_all(), Catch::EndsWith("hello"));
}

TEST_CASE("server: a large body goes in and out whole") {
  RunningServer server(routes_of_test());
  httplib::Client client("127.0.0.1", server.port());
  const std::string body(5 << 20, 'x');
  const auto result = client.Post("/echo", body, "text/plain");
  REQUIRE(result);
  CHECK(result->body == "POST /echo " + body);
}

TEST_CASE("server: what a client may not send is refused, and the connection closed") {
  using namespace std::string_literals;
  const auto [name, request, status] = GENERATE(table<std::string, std::string, int>({
      {"garbage", "\x16\x03\x01 garbage\r\n\r\n", 400},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"no host", "GET /hello HTTP/1.1\r\n\r\n", 400},
      {"two hosts", get("/hello", "Host: y\r\n"), 400},
      {"two lengths", post("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"), 400},
      {"a list of lengths", post("Content-Length: 1, 2\r\n", "ab"), 400},
      {"negative length", post("Content-Length: -1\r\n", ""), 400},
      {"plus length", post("Content-Length: +1\r\n", "a"), 400},
      {"length and chunks",
       post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"chunks and length",
       post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n"), 400},
      {"chunks twice",
       post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"unknown coding", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501},
      {"hidden coding", post("Transfer-Encoding: xchunked\r\nContent-Length: 1\r\n", "a"), 501},
      {"coding without an end", post("Transfer-Encoding: identity\r\n", ""), 501},
      {"chunks in HTTP/1.0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       400},
      {"absurd chunk", post("Transfer-Encoding: chunked\r\n", "ffffffffffffffffff\r\n"), 400},
      {"huge chunk", post("Transfer-Encoding: chunked\r\n", "fffffffffffffff\r\n"), 413},
      {"no chunk size", post("Transfer-Encoding: chunked\r\n", "xyz\r\n"), 400},
      {"endless chunk line",
       post("Transfer-Encoding: chunked\r\n", "1;" + std::string(20'000, 'x')), 400},
      {"NUL in a field", get("/hello", "A: b\0c\r\n"s), 400},
      {"NUL in the target", get("/he\0llo"s), 400},
      {"space before the colon", get("/hello", "A : b\r\n"), 400},
      {"large header", get("/hello", "A: " + std::string(20'000, 'a') + "\r\n"), 431},
      {"long target", get("/" + std::string(20'000, 'a')), 431},
      {"unknown expectation", post("Expect: tea\r\nContent-Length: 1\r\n", ""), 417},
      {"large body", "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n", 413},
      {"large body in chunks",
       "POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
       "5\r\n12345\r\n5\r\n12345\r\n0\r\n\r\n",
       413},
  }));
  CAPTURE(name);
  RunningServer server(routes_of_test());
  auto client = server.connect();
  client.send(request);
  const auto head = client.read_until("\r\n\r\n");
  CHECK_THAT(head, Catch::StartsWith("HTTP/1.1 " + std::to_string(status) + ' ') &&
                       Contains("application/problem+json") && Contains("Connection: close"));
}

TEST_CASE("server: a target that cannot be read is refused, the connection goes on") {
  const std::string target = GENERATE(as<std::string>(), "/%zz", "/a/../hello", "/%2e%2e/hello",
                                      "/hello?a=%ff", "*", "/%00");
  CAPTURE(target);
  RunningServer server(routes_of_test());
  auto client = server.connect();
  client.send(get(target) + get("/hello", kClose));
  CHECK_THAT(client.read_all(), Catch::StartsWith("HTTP/1.1 400 ") && Catch::EndsWith("hello"));
}

TEST_CASE("server: a body of exactly the limit is taken") {
  RunningServer server(routes_of_test());
  auto client = server.connect();
  client.send("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n12345678");
  CHECK_THAT(client.read_until("12345678"), Contains(" 200 "));
}

TEST_CASE("server: a client that is still sending sees why its body is refused") {
  Limits limits;
  limits.body_bytes = 1024;
  RunningServer server(routes_of_test(), limits);
  httplib::Client client("127.0.0.1", server.port());
  const auto result = client.Post("/echo", std::string(30 << 20, 'x'), "text/plain");
  REQUIRE(result);
  CHECK(result->status == 413);
  CHECK_THAT(result->body, Contains("1024 bytes"));
}

TEST_CASE("server: a client whose body was cut short is told so") {
  RunningServer server(routes_of_test());
  auto client = server.connect();
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf");
  client.end_sending();
  CHECK_THAT(client.read_all(), StartsWith("HTTP/1.1 400") && Contains("cut_short"));
}

TEST_CASE("server: a route hears of what is refused in its name") {
  std::vector<std::string> heard;
  auto hook = route("POST", "/hook/{path*}", echo);
  hook.max_body = 8;
  hook.on_refused = [&](Request request, const Refusal& refusal) -> awaitable<void> {
    heard.push_back(request.parameter("path") + ' ' + std::to_string(refusal.answer.status) +
                    request.body);
    if (refusal.answer.status == 405) throw std::runtime_error("swordfish");
    co_return;
  };
  RunningServer server({hook});
  CHECK_THAT(answer(server,
                    "POST /hook/a/b HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
                    "Connection: close\r\n\r\n"),
             StartsWith("HTTP/1.1 413"));
  CHECK_THAT(answer(server, "PUT /hook/c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
             StartsWith("HTTP/1.1 405"));
  auto client = server.connect();
  client.send("POST /hook/d HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhalf");
  client.end_sending();
  CHECK_THAT(client.read_all(), StartsWith("HTTP/1.1 400"));
  CHECK_THAT(answer(server, "GET /elsewhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
             StartsWith("HTTP/1.1 404"));
  server.stop(0ms);
  CHECK(heard == std::vector<std::string>{"a/b 413", "c 405", "d 400"});
  CHECK_THAT(server.log(), Contains("a request failed inside the daemon") && Contains("swordfish"));
}

namespace {

/// A POST route that wants the header X-Key, and tells what it heard of refusals.
Route guarded(std::vector<std::string>& heard) {
  auto guarded = route("POST", "/guarded", echo);
  guarded.admits = [](const Request& request) -> std::optional<Refusal> {
    const auto key = request.headers.find("X-Key");
    if (key == "throw") throw std::runtime_error("swordfish");
    if (key) return std::nullopt;
    return Refusal{problem(401, "no_key", "no"), "the key of " + request.path + " is missing"};
  };
  guarded.on_refused = [&heard](Request, const Refusal& refusal) -> awaitable<void> {
    heard.push_back(refusal.reason);
    co_return;
  };
  return guarded;
}

std::string post_guarded(std::string_view headers, std::string_view body) {
  return "POST /guarded HTTP/1.1\r\nHost: x\r\n" + std::string(headers) + "\r\n" +
         std::string(body);
}

}  // namespace

TEST_CASE("server: what a route does not admit is refused from the header alone") {
  std::vector<std::string> heard;
  RunningServer server({guarded(heard)});
  // Only the header is ever sent, and no body asked for.
  CHECK_THAT(answer(server, post_guarded("Content-Length: 20000000\r\n", "")),
             StartsWith("HTTP/1.1 401") && Contains("Connection: close"));
  CHECK_THAT(answer(server, post_guarded("Transfer-Encoding: chunked\r\n", "")),
             StartsWith("HTTP/1.1 401") && Contains("Connection: close"));
  CHECK_THAT(answer(server, post_guarded("Expect: 100-continue\r\nContent-Length: 2\r\n", "")),
             StartsWith("HTTP/1.1 401"));
  CHECK_THAT(
      answer(server, post_guarded("X-Key: 1\r\nContent-Length: 2\r\nConnection: close\r\n", "ok")),
      StartsWith("HTTP/1.1 200"));
  CHECK_THAT(answer(server, post_guarded("X-Key: throw\r\nContent-Length: 2\r\n", "")),
             StartsWith("HTTP/1.1 500") && Contains("incident"));
  server.stop(0ms);
  CHECK(heard == std::vector<std::string>{
                     "the key of /guarded is missing", "the key of /guarded is missing",
                     "the key of /guarded is missing", "the daemon failed at this request"});
  CHECK_THAT(server.log(), Contains("swordfish"));
}

TEST_CASE("server: a refused request whose body came along leaves the connection open") {
  std::vector<std::string> heard;
  RunningServer server({guarded(heard)});
  auto client = server.connect();
  client.send(post_guarded("Content-Length: 5\r\n", "POST ") +
              post_guarded("X-Key: 1\r\nContent-Length: 2\r\n", "ok"));
  CHECK_THAT(client.read_until("}"), StartsWith("HTTP/1.1 401") && !Contains("Connection: close"));
  CHECK_THAT(client.read_until("POST /guarded ok"), StartsWith("HTTP/1.1 200"));
}

namespace {

/// A handler that says when it has a request, and keeps it until it is let go.
class Gate {
 public:
  awaitable<Response> operator()(Request request) {
    entered_ = true;
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    while (!open_) {
      timer.expires_after(1ms);
      co_await timer.async_wait(boost::asio::use_awaitable);
    }
    co_return text_response(200, "held " + std::to_string(request.body.size()));
  }

  bool has_request() const { return entered_; }
  void open() { open_ = true; }

 private:
  std::atomic<bool> entered_ = false;
  std::atomic<bool> open_ = false;
};

}  // namespace

TEST_CASE("server: bodies from TCP take no more memory together than they may") {
  const tests::TemporaryFolder folder;
  const auto path = folder.path() / "daemon.sock";
  Limits limits;
  limits.bodies_total = 3 << 20;
  Gate gate;
  auto routes = routes_of_test();
  routes.push_back(
      route("POST", "/held", [&](Request request) { return gate(std::move(request)); }));
  RunningServer server(std::move(routes), limits, path);
  const std::string large(2 << 20, 'x');
  const auto head = "Content-Length: " + std::to_string(large.size()) + "\r\n";
  auto first = server.connect();
  first.send("POST /held HTTP/1.1\r\nHost: x\r\n" + head + "\r\n" + large);
  REQUIRE(tests::eventually([&] { return gate.has_request(); }));

  auto second = server.connect();
  second.send(post(head, large));
  second.end_sending();
  CHECK_THAT(second.read_all(), StartsWith("HTTP/1.1 503") && Contains("Retry-After: 5") &&
                                    Contains(R"("code":"busy")"));
  // Small bodies are taken all the same, and whatever comes over the unix socket.
  auto small = server.connect();
  small.send(post("Content-Length: 2\r\n", "ok"));
  CHECK_THAT(small.read_until("POST /echo ok"), Contains(" 200 "));
  auto local = RawClient::local(path);
  local.send(post(head, large.substr(1) + "y"));
  CHECK_THAT(local.read_until("xy"), Contains(" 200 "));
  // What is answered makes room.
  gate.open();
  CHECK_THAT(first.read_until("held 2097152"), Contains(" 200 "));
  auto third = server.connect();
  third.send(post(head, large.substr(1) + "y"));
  CHECK_THAT(third.read_until("xy"), Contains(" 200 "));
}

TEST_CASE("server: a body that is given up makes room for others") {
  Limits limits;
  limits.bodies_total = 3 << 20;
  RunningServer server(routes_of_test(), limits);
  const std::string large((2 << 20) - 2, 'x');
  const auto head = "Content-Length: " + std::to_string(large.size() + 1) + "\r\n";
  for (int i = 0; i < 3; ++i) {
    auto client = server.connect();
    client.send(post(head, large));
    client.end_sending();
    CHECK_THAT(client.read_all(), StartsWith("HTTP/1.1 400") && Contains("cut_short"));
  }
}

TEST_CASE("server: a client that expects 100 gets it where its body is wanted") {
  RunningServer server(routes_of_test());
  auto client = server.connect();
  client.send(post("Expect: 100-continue\r\nContent-Length: 2\r\n", ""));
  CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("ok");
  CHECK_THAT(client.read_until("POST /echo ok"), Contains(" 200 "));
  client.send(
      "POST /none HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK_THAT(client.read_until("\r\n\r\n"), Contains(" 404 "));
}

TEST_CASE("server: an exception is 500 with an id that the log has, and nothing else") {
  RunningServer server(routes_of_test());
  const auto text = answer(server, get("/fail", kClose));
  CHECK_THAT(text, Contains(" 500 ") && !Contains("swordfish"));
  const auto at = text.find("incident ");
  REQUIRE(at != std::string::npos);
  CHECK_THAT(server.log(), Contains("incident=" + text.substr(at + 9, 16)) &&
                               Contains("swordfish") && Contains("route=/fail"));
}

TEST_CASE("server: a handler's header that would split the answer is 500") {
  RunningServer server({route("GET", "/", [](Request) -> awaitable<Response> {
    Response response = text_response(200, "x");
    response.headers.add("X-A", "1\r\nX-B: 2");
    co_return response;
  })});
  CHECK_THAT(answer(server, get("/", kClose)), Contains(" 500 ") && !Contains("X-B"));
}

TEST_CASE("server: an answer without content has no length") {
  RunningServer server({route("DELETE", "/", [](Request) -> awaitable<Response> {
    Response response;
    response.status = 204;
    co_return response;
  })});
  CHECK_THAT(answer(server, "DELETE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
             Contains(" 204 ") && !Contains("Content-Length"));
}

TEST_CASE("server: a handler is cancelled at its deadline, the connection goes on") {
  auto routes = routes_of_test();
  routes.push_back(route("GET", "/hang", hang));
  routes.back().deadline = 30ms;
  RunningServer server(std::move(routes));
  auto client = server.connect();
  client.send(get("/hang"));
  CHECK_THAT(client.read_until("}"), Contains(" 504 ") && Contains("timed_out"));
  client.send(get("/hello"));
  CHECK_THAT(client.read_until("hello"), Contains(" 200 "));
}

TEST_CASE("server: a header that does not end in time is 408") {
  Limits limits;
  limits.header_time = 30ms;
  RunningServer server(routes_of_test(), limits);
  auto client = server.connect();
  client.send("GET /hello HTTP/1.1\r\nHost");
  CHECK_THAT(client.read_until("}"), Contains(" 408 "));
}

TEST_CASE("server: a body that does not end in time is 408") {
  Limits limits;
  limits.body_time = 30ms;
  RunningServer server(routes_of_test(), limits);
  auto client = server.connect();
  client.send(post("Content-Length: 5\r\n", "ab"));
  CHECK_THAT(client.read_until("}"), Contains(" 408 "));
}

TEST_CASE("server: a connection that asks nothing is closed without a word") {
  Limits limits;
  limits.idle = 30ms;
  RunningServer server(routes_of_test(), limits);
  CHECK(server.connect().read_all().empty());
  auto client = server.connect();
  client.send(get("/hello"));
  client.read_until("hello");
  CHECK(client.read_all().empty());
}

TEST_CASE("server: a client that does not take its answer is given up") {
  Limits limits;
  limits.write_time = 30ms;
  RunningServer server({route("GET", "/",
                              [](Request) -> awaitable<Response> {
                                co_return text_response(200, std::string(64 << 20, 'x'));
                              })},
                       limits);
  auto client = server.connect();
  client.send(get("/"));
  client.read_until("\r\n\r\n");
  server.stop(1h);  // ends long before, because the connection is given up
}

TEST_CASE("server: a full listener closes the connection that was idle longest") {
  Limits limits;
  limits.connections = 2;
  RunningServer server(routes_of_test(), limits);
  auto first = server.connect();
  first.send(get("/hello"));
  first.read_until("hello");
  auto second = server.connect();
  second.send(get("/hello"));
  second.read_until("hello");
  auto third = server.connect();
  third.send(get("/hello"));
  CHECK_THAT(third.read_until("hello"), Contains(" 200 "));
  CHECK(first.read_all().empty());
  second.send(get("/hello"));
  CHECK_THAT(second.read_until("hello"), Contains(" 200 "));
}

TEST_CASE("server: while all connections are busy another one waits") {
  Limits limits;
  limits.connections = 1;
  auto routes = routes_of_test();
  routes.push_back(route("GET", "/hang", hang));
  routes.back().deadline = 50ms;
  RunningServer server(std::move(routes), limits);
  auto busy = server.connect();
  busy.send(get("/hang"));
  auto waiting = server.connect();
  waiting.send(get("/hello"));
  CHECK_THAT(busy.read_until("}"), Contains(" 504 "));
  CHECK_THAT(waiting.read_until("hello"), Contains(" 200 "));
}

TEST_CASE("server: a draining server answers 503 but for what is served while stopping") {
  auto routes = routes_of_test();
  routes.push_back(route("GET", "/status", hello));
  routes.back().while_stopping = true;
  RunningServer server(std::move(routes));
  auto refused = server.connect();
  auto served = server.connect();
  refused.send(get("/hello"));
  refused.read_until("hello");
  served.send(get("/hello"));
  served.read_until("hello");
  server.drain();
  refused.send(get("/hello"));
  CHECK_THAT(refused.read_all(), Contains(" 503 ") && Contains("\"code\":\"stopping\""));
  served.send(get("/status"));
  CHECK_THAT(served.read_all(), Contains(" 200 ") && Contains("Connection: close"));
  CHECK_THAT(answer(server, get("/hello")), Contains(" 503 "));
}

TEST_CASE("server: stopping closes what is idle and lets a request in flight end") {
  std::promise<void> begun;
  boost::asio::steady_timer* gate = nullptr;
  RunningServer server(
      {route("GET", "/hello", hello),
       route("GET", "/slow", [&](Request request) -> awaitable<Response> {
         boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor,
                                         std::chrono::steady_clock::time_point::max());
         gate = &timer;
         begun.set_value();
         boost::system::error_code opened;
         co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, opened));
         co_return text_response(200, "slow " + request.path);
       })});
  auto idle = server.connect();
  idle.send(get("/hello"));
  idle.read_until("hello");
  auto busy = server.connect();
  busy.send(get("/slow"));
  begun.get_future().wait();
  std::thread stopping([&] { server.stop(1h); });
  CHECK(idle.read_all().empty());
  boost::asio::post(server.io(), [&] { gate->cancel(); });
  CHECK_THAT(busy.read_all(), Contains("slow /slow") && Contains("Connection: close"));
  stopping.join();
  CHECK_THROWS(server.connect());
}

TEST_CASE("server: after the grace a handler is cancelled") {
  std::promise<void> begun;
  RunningServer server({route("GET", "/", [&](Request request) {
    begun.set_value();
    return hang(std::move(request));
  })});
  auto client = server.connect();
  client.send(get("/"));
  begun.get_future().wait();
  server.stop(10ms);
  CHECK_THAT(client.read_all(), Contains(" 503 ") && Contains("stopping"));
}

TEST_CASE("server: it stops with a request half received") {
  RunningServer server(routes_of_test());
  auto client = server.connect();
  client.send(get("/hello") + "GET /he");
  client.read_until("hello");
  server.stop(10ms);
  CHECK(client.read_all().empty());
}

TEST_CASE("server: events are sent in chunks, and the stream ends cleanly") {
  RunningServer server({route("GET", "/events", [](Request) -> awaitable<Response> {
    co_return stream_response([](EventStream& stream) -> awaitable<void> {
      co_await stream.send({"run", "{}"});
      co_await stream.send({"", "two\nlines"});
    });
  })});
  CHECK_THAT(answer(server, get("/events")),
             Contains("Content-Type: text/event-stream") &&
                 Contains("Transfer-Encoding: chunked") &&
                 Contains("\r\n\r\n15\r\nevent: run\ndata: {}\n\n\r\n") &&
                 Catch::EndsWith("data: two\ndata: lines\n\n\r\n0\r\n\r\n"));
  CHECK_THAT(answer(server, "GET /events HTTP/1.0\r\n\r\n"),
             !Contains("chunked") &&
                 Catch::EndsWith("\r\n\r\nevent: run\ndata: {}\n\ndata: two\ndata: lines\n\n"));
}

TEST_CASE("server: a silent stream sends comments until its client goes, which ends the handler") {
  std::promise<bool> ended;
  Limits limits;
  limits.heartbeat = 20ms;
  const auto wait = [&](EventStream& stream) -> awaitable<void> {
    co_await stream.send({"", "first"});
    bool cancelled = false;
    try {
      co_await hang(Request());
    } catch (const boost::system::system_error&) {
      cancelled = true;
    }
    ended.set_value(cancelled);
  };
  RunningServer server(
      {route("GET", "/events",
             [&](Request) -> awaitable<Response> { co_return stream_response(wait); })},
      limits);
  auto client = server.connect();
  client.send(get("/events"));
  client.read_until("data: first");
  client.read_until("3\r\n:\n\n\r\n");
  client.read_until("3\r\n:\n\n\r\n");
  client.close();
  CHECK(ended.get_future().get());
}

TEST_CASE("server: sending events to a client that is gone ends") {
  std::promise<void> ended;
  const auto flood = [&](EventStream& stream) -> awaitable<void> {
    struct End {
      std::promise<void>& promise;
      ~End() { promise.set_value(); }
    } const end{ended};
    bool there = true;
    while (there) there = co_await stream.send({"", std::string(1000, 'x')});
  };
  RunningServer server({route("GET", "/events", [&](Request) -> awaitable<Response> {
    co_return stream_response(flood);
  })});
  auto client = server.connect();
  client.send(get("/events"));
  client.read_until("data: ");
  client.close();
  ended.get_future().wait();
}

TEST_CASE("server: stopping ends a stream at once, and cleanly") {
  RunningServer server({route("GET", "/events", [](Request) -> awaitable<Response> {
    co_return stream_response([](EventStream& stream) -> awaitable<void> {
      co_await stream.send({"", "first"});
      co_await hang(Request());
    });
  })});
  auto client = server.connect();
  client.send(get("/events"));
  client.read_until("data: first\n\n\r\n");
  server.stop(1h);
  CHECK(client.read_all() == "0\r\n\r\n");
}

TEST_CASE("server: a stream whose handler fails is cut short and logged") {
  RunningServer server({route("GET", "/events", [](Request) -> awaitable<Response> {
    co_return stream_response([](EventStream& stream) -> awaitable<void> {
      co_await stream.send({"", "first"});
      throw std::runtime_error("no more");
    });
  })});
  CHECK_THAT(answer(server, get("/events")), Catch::EndsWith("data: first\n\n\r\n"));
  CHECK_THAT(server.log(), Contains("no more"));
}

TEST_CASE("server: many clients at once are all served") {
  RunningServer server(routes_of_test());
  std::vector<std::thread> threads;
  std::atomic<int> served = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      httplib::Client client("127.0.0.1", server.port());
      client.set_keep_alive(true);
      for (int n = 0; n < 100; ++n) {
        const auto result = client.Post("/echo", std::to_string(n), "text/plain");
        if (result && result->body == "POST /echo " + std::to_string(n)) ++served;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(served == 400);
}

TEST_CASE("server: an address that cannot be listened on is said") {
  boost::asio::io_context io;
  const auto log = daemon::Log::silent();
  RunningServer other(routes_of_test());
  Server server(io.get_executor(), routes_of_test(), {}, *log);
  const auto taken = server.listen_tcp("127.0.0.1", other.port());
  REQUIRE(!taken);
  CHECK_THAT(taken.error().message, Contains("cannot listen on 127.0.0.1:") && Contains("in use"));
  const auto name = server.listen_tcp("example.org", 0);
  REQUIRE(!name);
  CHECK(name.error().code == ErrorCode::invalid);
  const auto longest = server.listen_unix("/" + std::string(200, 'x'));
  REQUIRE(!longest);
  CHECK_THAT(longest.error().message, Contains("1 to 107 bytes"));
  const auto missing = server.listen_unix("/nowhere/at/all.sock");
  REQUIRE(!missing);
  CHECK(missing.error().code == ErrorCode::unavailable);
  CHECK(!server.tcp_port());
}
