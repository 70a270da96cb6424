#include <catch2/catch.hpp>

#include "tests/cli/cli_fixture.h"

namespace tba::tests {
namespace {

using Catch::Contains;

struct WithConnectors : CliFixture {
  WithConnectors() {
    daemon
        .on("GET /connectors/github", R"json({"name":"github","auth":[
            {"name":"token","type":"bearer","fields":[
              {"name":"token","prompt":"Token","secret":true,"required":true}]},
            {"name":"webhook","type":"webhook_secret","fields":[
              {"name":"secret","prompt":"Secret","secret":true,"required":true}]},
            {"name":"open","type":"none","fields":[]},
            {"name":"app","type":"oauth2","fields":[
              {"name":"app_id","prompt":"App ID","secret":false,"required":true},
              {"name":"private_key","prompt":"Private key (PEM)","secret":true,"required":true,
               "has_lines":true},
              {"name":"scopes","prompt":"Scopes","secret":false,"required":false}]}]})json")
        .on("GET /connectors/shop", R"({"name":"shop","auth":[{"name":"login","type":"basic",
            "fields":[
              {"name":"username","prompt":"User name","secret":false,"required":true},
              {"name":"password","prompt":"Password","secret":true,"required":true,
               "may_be_empty":true}]}]})")
        .on("GET /connectors/http", R"({"name":"http","auth":[
            {"name":"header","type":"api_key","needs_base_url":true,"fields":[
              {"name":"header","prompt":"Name of the header","secret":false,"required":true},
              {"name":"key","prompt":"Key","secret":true,"required":true}]}]})")
        .on("GET /connectors/open", R"({"name":"open","auth":[]})")
        .on("PUT /credentials/c", {201, R"({"name":"c"})", "application/json"});
  }

  CommandResult set(const std::string& input, std::vector<std::string> more) {
    std::vector<std::string> arguments{"credential", "set", "c"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments, input);
  }

  FakeDaemon daemon{socket()};
};

}  // namespace

TEST_CASE_METHOD(WithConnectors, "credential set: one line of stdin is the secret") {
  const auto result = set("s3cret\n", {"--connector", "github", "--auth", "webhook", "--base-url",
                                       "http://127.0.0.1:1"});
  CHECK(result.code == 0);
  CHECK(result.out == "stored credential c (github, webhook)\n");
  CHECK(daemon.last().line == "PUT /api/v1/credentials/c");
  CHECK(
      daemon.last().body ==
      R"({"connector":"github","scheme":"webhook","fields":{"secret":"s3cret"},"base_url":"http://127.0.0.1:1"})");
}

TEST_CASE_METHOD(WithConnectors, "credential set: a JSON object of stdin is the fields") {
  const auto result = set(R"({"username":"u","password":"p"})", {"--connector", "shop"});
  CHECK(result.code == 0);
  CHECK(daemon.last().body ==
        R"({"connector":"shop","scheme":"login","fields":{"username":"u","password":"p"}})");
}

TEST_CASE_METHOD(WithConnectors, "credential set: on a terminal the fields are asked for") {
  in_is_terminal = true;
  typed_secret = "hunter2";
  const auto result = set("ada\n", {"--connector", "shop"});
  CHECK(result.code == 0);
  CHECK(prompts == std::vector<std::string>{"Password (not shown): "});
  CHECK_THAT(result.err, Contains("User name: ") && !Contains("hunter2"));
  CHECK_THAT(daemon.last().body, Contains(R"({"username":"ada","password":"hunter2"})"));
}

TEST_CASE_METHOD(WithConnectors,
                 "credential set: where the connector has no base URL it asks for one") {
  const std::string fields = R"({"header":"X-Own","key":"k"})";
  const auto without = set(fields, {"--connector", "http"});
  CHECK(without.code == 2);
  CHECK_THAT(without.err, Contains("where is the API?") && Contains("say --base-url"));
  const auto with = set(fields, {"--connector", "http", "--base-url", "https://a.example"});
  CHECK(with.code == 0);
  CHECK_THAT(daemon.last().body, Contains(R"("base_url":"https://a.example")"));

  in_is_terminal = true;
  typed_secret = "hunter2";
  const auto asked = set("https://b.example\nX-Own\n", {"--connector", "http"});
  CHECK(asked.code == 0);
  CHECK_THAT(asked.err, Contains("Base URL: ") && Contains("Name of the header: "));
  CHECK_THAT(daemon.last().body, Contains(R"("fields":{"header":"X-Own","key":"hunter2"})") &&
                                     Contains(R"("base_url":"https://b.example")"));
  const auto silent = set("\n", {"--connector", "http"});
  CHECK(silent.code == 2);
  CHECK_THAT(silent.err, Contains("credential c needs a base URL; nothing was changed"));
}

TEST_CASE_METHOD(WithConnectors, "credential set: a key of several lines ends with an empty one") {
  in_is_terminal = true;
  const auto result =
      set("123\n-----BEGIN\nabc\n\nrest\n", {"--connector", "github", "--auth", "app"});
  CHECK(result.code == 0);
  CHECK(prompts.empty());
  CHECK_THAT(result.err, Contains("Private key (PEM), then an empty line:"));
  CHECK_THAT(daemon.last().body, Contains(R"({"app_id":"123","private_key":"-----BEGIN\nabc\n"})"));
}

TEST_CASE_METHOD(WithConnectors, "credential set: what a file has beside the fields is left out") {
  const auto result =
      set(R"({"app_id":"123","private_key":"k","type":"app","project":"p","scopes":"a"})",
          {"--connector", "github", "--auth", "app"});
  CHECK(result.code == 0);
  CHECK(result.err == "left out, as the scheme has no such fields: type, project\n");
  CHECK_THAT(daemon.last().body, Contains(R"({"app_id":"123","private_key":"k","scopes":"a"})"));

  // One that lacks a field may be for something else: the daemon says what is wrong with it.
  const auto lacking =
      set(R"({"app_id":"123","token":"t"})", {"--connector", "github", "--auth", "app"});
  CHECK(lacking.err.empty());
  CHECK_THAT(daemon.last().body, Contains(R"({"app_id":"123","token":"t"})"));
}

TEST_CASE_METHOD(WithConnectors, "credential set: what is still to be done is told") {
  FakeDaemon::Answer waits{201, R"({"name":"c","problem":"nobody has logged in with it yet"})"};
  daemon.on("PUT /credentials/waits", waits);
  const auto result =
      run({"credential", "set", "waits", "--connector", "github", "--auth", "open"}, "");
  CHECK(result.code == 0);
  CHECK(result.err == "nobody has logged in with it yet\n");
}

TEST_CASE_METHOD(WithConnectors, "credential set: a scheme without fields takes nothing") {
  CHECK(set("", {"--connector", "github", "--auth", "open"}).code == 0);
  CHECK_THAT(daemon.last().body, Contains(R"("fields":{})"));
  in_is_terminal = true;
  CHECK(set("", {"--connector", "github", "--auth", "open"}).code == 0);
  CHECK(prompts.empty());
}

TEST_CASE_METHOD(WithConnectors, "credential set: what cannot be a secret is refused") {
  struct Case {
    std::string input;
    std::vector<std::string> arguments;
    std::string message;
  };
  const Case cases[] = {
      {"", {"--connector", "github", "--auth", "token"}, "there is no secret on standard input"},
      {"a\nb\n", {"--connector", "github", "--auth", "token"}, "has several lines"},
      {"a\n", {"--connector", "shop"}, "give a JSON object with: username, password"},
      {"a\n", {"--connector", "github", "--auth", "open"}, "this takes a JSON object"},
      {"a\n", {"--connector", "github"}, "which authentication scheme? Say --auth"},
      {"a\n",
       {"--connector", "github", "--auth", "tokn"},
       "has no authentication scheme 'tokn' (did you mean 'token'?)"},
      {"a\n", {"--connector", "open"}, "takes no credentials"},
      {"a\n", {}, "--connector is required"},
  };
  for (const Case& wrong : cases) {
    const auto result = set(wrong.input, wrong.arguments);
    CHECK(result.code == 2);
    CHECK_THAT(result.err, Contains(wrong.message));
  }
  for (const auto& request : daemon.requests()) CHECK_FALSE(request.line.starts_with("PUT"));
}

TEST_CASE_METHOD(WithConnectors, "credential set: an empty answer to the prompt changes nothing") {
  in_is_terminal = true;
  CHECK(set("", {"--connector", "github", "--auth", "token"}).code == 2);
  CHECK(set("\n", {"--connector", "shop"}).code == 2);
  CHECK_FALSE(daemon.last().line.starts_with("PUT"));
}

}  // namespace tba::tests
