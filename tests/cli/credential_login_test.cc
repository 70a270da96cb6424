#include <thread>

#include <catch2/catch.hpp>
#include <httplib.h>

#include "tests/cli/cli_fixture.h"
#include "tests/support/eventually.h"

namespace tba::tests {
namespace {

using Catch::Contains;

constexpr auto* kBegun = R"json({"id":"l 1","done":false,"grant":"authorization_code",
    "url":"https://login.example/authorize?state=s","complete_url":null,"user_code":null,
    "interval":0,"expires_at":"2026-11-23T09:10:10.000Z"})json";
constexpr auto* kDevice = R"json({"id":"l1","done":false,"grant":"device_code",
    "url":"https://login.example/device","complete_url":"https://login.example/device?c=AB",
    "user_code":"AB-CD","interval":0,"expires_at":"2026-11-23T09:10:10.000Z"})json";

struct WithDaemon : CliFixture {
  CommandResult login(std::vector<std::string> more = {}, const std::string& input = {}) {
    std::vector<std::string> arguments{"credential", "login", "mine"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments, input);
  }

  /// Comes back to where the command said that it listens, as a browser does.
  std::thread browser(const std::string& query, std::string& shown) {
    return std::thread([this, query, &shown] {
      if (!eventually([&] { return !redirect_uri().empty(); })) return;
      const auto uri = redirect_uri();
      const auto slash = uri.find('/', 8);
      httplib::Client client(uri.substr(0, slash));
      if (const auto answer = client.Get(uri.substr(slash) + query))
        shown = std::to_string(answer->status) + " " + answer->body;
    });
  }

  /// What the command told the daemon; empty before it did.
  std::string redirect_uri() {
    for (const auto& request : daemon.requests()) {
      const auto at = request.body.find("http://127.0.0.1:");
      if (request.line == "POST /api/v1/credentials/mine/login" && at != std::string::npos)
        return request.body.substr(at, request.body.find('"', at) - at);
    }
    return "";
  }

  FakeDaemon daemon{socket()};
};

}  // namespace

TEST_CASE_METHOD(WithDaemon, "credential login: it listens for the browser that comes back") {
  daemon.on("POST /credentials/mine/login", kBegun)
      .on("POST /credentials/mine/login/l%201", R"({"done":true,"problem":null})");
  std::string shown;
  auto visit = browser("?code=c1&state=s", shown);
  const auto result = login();
  visit.join();
  CHECK(result.code == 0);
  CHECK(result.out == "logged in with credential mine\n");
  CHECK_THAT(result.err, Contains("https://login.example/authorize?state=s") &&
                             !Contains("paste"));  // nobody could
  CHECK_THAT(shown, Contains("200 ") && Contains("this page can be closed"));
  CHECK(daemon.last().body == R"({"url":")" + redirect_uri() + R"(?code=c1&state=s"})");
}

TEST_CASE_METHOD(WithDaemon,
                 "credential login: a visit that is not the right one changes nothing") {
  daemon.on("POST /credentials/mine/login", kBegun)
      .on("POST /credentials/mine/login/l%201",
          R"({"done":false,"problem":"this is the URL of <another> login"})")
      .on("POST /credentials/mine/login/l%201", R"({"done":true,"problem":null})");
  std::string shown;
  auto visit = browser("?code=c1&state=other", shown);
  in_is_terminal = true;
  const auto result =
      login({"--output", "json"}, "\nhttp://127.0.0.1:1/callback?code=c2&state=s\n");
  visit.join();
  CHECK(result.code == 0);
  CHECK_THAT(result.out,
             Contains(R"("grant": "authorization_code")") && Contains(R"("logged_in": true)"));
}

TEST_CASE_METHOD(WithDaemon, "credential login: where it cannot listen, the URL is pasted") {
  daemon.on("POST /credentials/mine/login", kBegun)
      .on("POST /credentials/mine/login/l%201",
          R"({"done":false,"problem":"this is not the URL that the login comes back to"})")
      .on("POST /credentials/mine/login/l%201", R"({"done":true,"problem":null})");
  const auto result = login({"--redirect-uri", "https://notes.example/callback"},
                            "nonsense\nhttps://notes.example/callback?code=c\n");
  CHECK(result.code == 0);
  CHECK_THAT(result.err, Contains("Then paste the URL") && Contains("this is not the URL"));
  CHECK(daemon.requests().front().body == R"({"redirect_uri":"https://notes.example/callback"})");
  CHECK(daemon.last().body == R"({"url":"https://notes.example/callback?code=c"})");

  const auto without = login({"--redirect-uri", "https://notes.example/callback"});
  CHECK(without.code == 2);
  CHECK_THAT(without.err, Contains("there is no URL on standard input"));
}

TEST_CASE_METHOD(WithDaemon,
                 "credential login: a code for another machine is shown, and waited for") {
  daemon.on("POST /credentials/mine/login", kDevice)
      .on("POST /credentials/mine/login/l1", R"({"done":false,"problem":null})")
      .on("POST /credentials/mine/login/l1", R"({"done":true,"problem":null})");
  const auto result = login({"--grant", "device_code"});
  CHECK(result.code == 0);
  CHECK_THAT(result.err, Contains("AB-CD") && Contains("https://login.example/device") &&
                             Contains("Or open https://login.example/device?c=AB"));
  CHECK_THAT(daemon.requests().front().body, Contains(R"("grant":"device_code")"));
  CHECK(daemon.last().body == "{}");
}

TEST_CASE_METHOD(WithDaemon, "credential login: a grant that needs nobody is done at once") {
  daemon.on("POST /credentials/mine/login",
            R"({"id":null,"done":true,"grant":"client_credentials","expires_at":null})");
  CHECK(login().out == "logged in with credential mine\n");
}

TEST_CASE_METHOD(WithDaemon, "credential login: what ends it is told") {
  daemon.on("POST /credentials/mine/login", kDevice)
      .on_problem("POST /credentials/mine/login/l1", 400,
                  R"("code":"invalid","detail":"the login was refused")");
  const auto refused = login();
  CHECK(refused.code == 2);
  CHECK_THAT(refused.err, Contains("the login was refused"));
  CHECK(run({"credential", "login", "other"}).code == 3);
}

TEST_CASE_METHOD(WithDaemon, "credential login: it does not wait for ever") {
  daemon.on("POST /credentials/mine/login", R"({"id":"l1","done":false,"grant":"device_code",
      "url":"u","user_code":"c","interval":0,"expires_at":"2026-11-23T09:00:10.000Z"})");
  const auto late = login();
  CHECK(late.code == 7);
  CHECK_THAT(late.err, Contains("nobody logged in in time"));
}

TEST_CASE_METHOD(WithDaemon, "credential login: a port that is taken is told of") {
  httplib::Server other;
  const int port = other.bind_to_any_port("127.0.0.1");
  const auto result =
      login({"--redirect-uri", "http://127.0.0.1:" + std::to_string(port) + "/callback"});
  CHECK(result.code == 1);
  CHECK_THAT(result.err, Contains("nobody can listen on port " + std::to_string(port)));
}

TEST_CASE_METHOD(WithDaemon, "credential test: it says whether the credential works") {
  daemon.on("POST /credentials/mine/test",
            R"({"works":true,"endpoint":"notes/me","status":200,"problem":null})");
  const auto works = run({"credential", "test", "mine"});
  CHECK(works.code == 0);
  CHECK(works.out == "credential mine works: notes/me answered 200\n");
  daemon.on(
      "POST /credentials/other/test",
      R"({"works":false,"endpoint":"notes/me","status":401,"problem":"notes/me answered 401"})");
  const auto fails = run({"credential", "test", "other"});
  CHECK(fails.code == 1);
  CHECK(fails.out == "credential other does not work: notes/me answered 401\n");
  CHECK_THAT(run({"credential", "test", "other", "--output", "json"}).out,
             Contains(R"("works": false)"));
  CHECK(run({"credential", "test", "nobody"}).code == 3);
  daemon.on("POST /credentials/sheet/test",
            R"({"works":true,"proved":"token","endpoint":null,"status":null,"problem":null})");
  const auto token = run({"credential", "test", "sheet"});
  CHECK(token.code == 0);
  CHECK_THAT(token.out, Contains("credential sheet got an access token") &&
                            Contains("whether the API takes it is not known"));
}

}  // namespace tba::tests
