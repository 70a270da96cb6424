// The daemon's HTTP client against a server that nobody here has written: httpbin, of Debian's
// package python3-httpbin. What can be decided by one connection's bytes is in curl_client_test.cc.
#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/net/curl_client.h"
#include "shared/value/json.h"
#include "tests/support/certificate.h"
#include "tests/support/run_coroutine.h"
#include "tests/support/temporary_folder.h"

using namespace std::chrono_literals;
using Catch::Contains;
using tba::net::CurlClient;
using tba::net::CurlClientOptions;
using tba::net::HttpFailure;
using tba::net::HttpRequest;
using tba::net::HttpResponse;
using tba::net::HttpResult;
using Kind = HttpFailure::Kind;

namespace {

/// httpbin as a child that ends with this object.
class Httpbin {
 public:
  Httpbin() {
    const auto pair = tba::tests::make_certificate();
    certificate_ = folder_.write("certificate.pem", pair.certificate + pair.key).string();
    std::array<int, 2> input{};
    std::array<int, 2> output{};
    REQUIRE(pipe2(input.data(), O_CLOEXEC) == 0);
    REQUIRE(pipe2(output.data(), O_CLOEXEC) == 0);
    child_ = fork();
    REQUIRE(child_ >= 0);
    if (child_ == 0) {
      dup2(input[0], STDIN_FILENO);
      dup2(output[1], STDOUT_FILENO);
      // Debian's interpreter, whose packages are meant.
      execl("/usr/bin/python3", "python3", TBA_SOURCE_DIR "/tests/daemon/net/httpbin_server.py",
            certificate_.c_str(), nullptr);
      _exit(127);
    }
    close(input[0]);
    close(output[1]);
    stdin_ = input[1];
    auto* ports = fdopen(output[0], "r");
    const int read = std::fscanf(ports, "%d %d", &port_, &tls_port_);
    std::fclose(ports);
    INFO("is python3-httpbin installed?");
    REQUIRE(read == 2);
  }
  Httpbin(const Httpbin&) = delete;
  Httpbin& operator=(const Httpbin&) = delete;
  ~Httpbin() {
    if (stdin_ >= 0) close(stdin_);
    if (child_ > 0) waitpid(child_, nullptr, 0);
  }

  std::string url(const std::string& path) const {
    return fmt::format("http://127.0.0.1:{}{}", port_, path);
  }
  std::string tls_url(const std::string& path) const {
    return fmt::format("https://127.0.0.1:{}{}", tls_port_, path);
  }
  const std::string& certificate() const { return certificate_; }

 private:
  tba::tests::TemporaryFolder folder_;
  std::string certificate_;
  pid_t child_ = -1;
  int stdin_ = -1;
  int port_ = 0;
  int tls_port_ = 0;
};

/// The one of all tests: it takes a second to start.
const Httpbin& httpbin() {
  static const Httpbin server;
  return server;
}

HttpResult send(HttpRequest request, CurlClientOptions options = {}) {
  CurlClient client(std::move(options));
  REQUIRE(client.start().has_value());
  return tba::tests::run_coroutine(client.send(std::move(request)));
}

HttpResponse get(const std::string& path, bool follows = false) {
  auto result = send({.url = httpbin().url(path), .follow_redirects = follows});
  INFO((result ? "" : result.error().message));
  REQUIRE(result.has_value());
  return *std::move(result);
}

/// The member of the JSON that httpbin answers, as JSON.
std::string told(const HttpResponse& response, std::string_view name) {
  const auto body = tba::parse_json(response.body);
  REQUIRE(body.has_value());
  const auto* value = body->find(name);
  return value != nullptr ? tba::to_json(*value) : "none";
}

}  // namespace

TEST_CASE("httpbin: what is compressed in any of three ways arrives plain") {
  for (const auto& [path, name] : {std::pair("/gzip", "gzipped"), std::pair("/deflate", "deflated"),
                                   std::pair("/brotli", "brotli")}) {
    CAPTURE(path);
    const auto response = get(path);
    CHECK(told(response, name) == "true");
    CHECK(response.header("content-encoding") == nullptr);
    CHECK_THAT(told(response, "headers"), Contains("br") && Contains("gzip"));
  }
}

TEST_CASE("httpbin: an answer in chunks is put together") {
  const auto response = get("/stream/20");
  CHECK(std::ranges::count(response.body, '\n') == 20);
  CHECK_THAT(response.body, Contains("\"id\": 19"));
  const auto bytes = get("/stream-bytes/50000?chunk_size=777");
  CHECK(bytes.body.size() == 50'000);
}

TEST_CASE("httpbin: an answer in chunks is bounded, though nobody says how long it is") {
  HttpRequest request{.url = httpbin().url("/stream-bytes/100000?chunk_size=1000")};
  request.max_response_bytes = 99'999;
  const auto result = send(std::move(request));
  REQUIRE(result.has_error());
  CHECK(result.error().kind == Kind::too_large);
}

TEST_CASE("httpbin: a large body arrives whole") {
  std::string body(8 << 20, 'x');
  body += "end";
  HttpRequest request{.method = "POST",
                      .url = httpbin().url("/post"),
                      .headers = {{"Content-Type", "text/plain"}},
                      .body = body};
  request.max_response_bytes = 20 << 20;
  const auto result = send(std::move(request));
  REQUIRE(result.has_value());
  CHECK(told(*result, "data") == "\"" + body + "\"");
}

TEST_CASE("httpbin: forms and every method arrive as they were sent") {
  for (const std::string method : {"POST", "PUT", "PATCH", "DELETE"}) {
    CAPTURE(method);
    const auto result = send({.method = method,
                              .url = httpbin().url("/anything?q=a%20b"),
                              .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                              .body = "a=1&b=c%26d"});
    REQUIRE(result.has_value());
    CHECK(told(*result, "method") == "\"" + method + "\"");
    CHECK(told(*result, "args") == R"({"q":"a b"})");
    CHECK(told(*result, "form") == R"({"a":"1","b":"c&d"})");
  }
}

TEST_CASE("httpbin: redirects are followed, relative and absolute, as far as they go") {
  for (const std::string path : {"/redirect/3", "/relative-redirect/3", "/absolute-redirect/3",
                                 "/redirect-to?url=%2Fget&status_code=308"}) {
    CAPTURE(path);
    const auto response = get(path, true);
    CHECK(response.status == 200);
    CHECK(told(response, "url") == "\"" + httpbin().url("/get") + "\"");
    CHECK(get(path).status >= 300);
  }
  const auto endless = send({.url = httpbin().url("/redirect/11"), .follow_redirects = true});
  REQUIRE(endless.has_error());
  CHECK(endless.error().kind == Kind::protocol);
}

TEST_CASE("httpbin: an Authorization does not follow to another port of the same host") {
  const Httpbin other;
  const auto ask = [](const std::string& target) {
    auto result = send({.url = httpbin().url("/redirect-to?url=" + target),
                        .headers = {{"Authorization", "Bearer abc"}},
                        .follow_redirects = true});
    REQUIRE(result.has_value());
    return told(*result, "headers");
  };
  CHECK_THAT(ask(httpbin().url("/headers")), Contains("Bearer abc"));
  CHECK_THAT(ask(other.url("/headers")), !Contains("Bearer abc"));
}

TEST_CASE("httpbin: cookies are kept by nobody") {
  CurlClient client;
  REQUIRE(client.start().has_value());
  const auto ask = [&](const std::string& path, bool follows) {
    auto result = tba::tests::run_coroutine(
        client.send({.url = httpbin().url(path), .follow_redirects = follows}));
    REQUIRE(result.has_value());
    return *std::move(result);
  };
  const auto set = ask("/cookies/set?a=b", false);
  REQUIRE(set.header("set-cookie") != nullptr);
  CHECK_THAT(*set.header("set-cookie"), Catch::StartsWith("a=b"));
  CHECK(told(ask("/cookies", false), "cookies") == "{}");
  CHECK(told(ask("/cookies/set?a=b", true), "cookies") == "{}");
}

TEST_CASE("httpbin: who calls is proved by the digest scheme, where it asks for that") {
  for (const auto* hash : {"MD5", "SHA-256"}) {
    const auto url = httpbin().url(fmt::format("/digest-auth/auth/user/passwd/{}", hash));
    CAPTURE(url);
    const auto ask = [&](std::string password) {
      const auto result = send({.url = url,
                                .follow_redirects = true,
                                .may_resend = false,
                                .digest_login = tba::net::Login{"user", std::move(password)}});
      INFO((result ? "" : result.error().message));
      REQUIRE(result.has_value());
      return *result;
    };
    const auto welcome = ask("passwd");
    CHECK(welcome.status == 200);
    CHECK(told(welcome, "authenticated") == "true");
    CHECK(ask("other").status == 401);
  }
}

TEST_CASE("httpbin: a challenge is an answer to who has no login") {
  const auto digest = get("/digest-auth/auth/user/passwd");
  CHECK(digest.status == 401);
  REQUIRE(digest.header("www-authenticate") != nullptr);
  CHECK_THAT(*digest.header("www-authenticate"), Catch::StartsWith("Digest "));
  CHECK(get("/basic-auth/user/passwd").status == 401);
  auto with_user = httpbin().url("/basic-auth/user/passwd");
  with_user.insert(with_user.find("127"), "user:passwd@");
  const auto named = send({.url = with_user});
  REQUIRE(named.has_value());
  CHECK(named->status == 200);
}

TEST_CASE("httpbin: what answers late, or never ends, is given up in time") {
  HttpRequest late{.url = httpbin().url("/delay/10")};
  late.timeout = 200ms;
  HttpRequest slow{.url = httpbin().url("/drip?duration=10&numbytes=10&delay=0")};
  slow.timeout = 500ms;
  for (auto& request : {late, slow}) {
    const auto result = send(request);
    REQUIRE(result.has_error());
    CHECK(result.error().kind == Kind::timeout);
    CHECK(result.error().sent);
  }
}

TEST_CASE("httpbin: answers of every kind keep their status and bytes") {
  for (const int status : {201, 204, 304, 400, 404, 418, 429, 500, 503}) {
    CAPTURE(status);
    CHECK(get(fmt::format("/status/{}", status)).status == status);
  }
  CHECK(get("/base64/4oiu").body == "∮");
  CHECK(get("/image/png").body.starts_with("\x89PNG\r\n"));
  const auto fresh =
      send({.url = httpbin().url("/etag/abc"), .headers = {{"If-None-Match", "abc"}}});
  REQUIRE(fresh.has_value());
  CHECK(fresh->status == 304);
}

TEST_CASE("httpbin: a certificate that nobody vouches for is refused, unless it is trusted") {
  const auto refused = send({.url = httpbin().tls_url("/get")});
  REQUIRE(refused.has_error());
  CHECK(refused.error().kind == Kind::tls);
  CHECK_FALSE(refused.error().sent);
  const auto trusted =
      send({.url = httpbin().tls_url("/get")}, {.ca_file = httpbin().certificate()});
  REQUIRE(trusted.has_value());
  CHECK(told(*trusted, "url") == "\"" + httpbin().tls_url("/get") + "\"");
}
