#include <filesystem>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/fetch.h"
#include "cli/json.h"
#include "tests/cli/cli_fixture.h"
#include "tests/support/certificate.h"
#include "tests/support/http_server.h"
#include "tests/support/raw_server.h"

namespace tba::tests {
namespace {

using Catch::Contains;
using cli::ExitCode;
using cli::Json;

constexpr const char* kShop = R"({
  "openapi": "3.0.0", "info": { "title": "Shop API" },
  "servers": [ { "url": "https://shop.example" } ],
  "paths": {
    "/items": { "get": { "operationId": "listItems" }, "trace": {} },
    "/items/{id}": { "get": { "operationId": "getItem",
      "parameters": [ { "in": "path", "name": "id", "schema": { "type": "string" } } ] } } } })";

std::string content(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

HttpServer::Routes serving(const std::string& body) {
  return [body](httplib::Server& server) {
    server.Get("/api/shop.json", [body](const httplib::Request&, httplib::Response& response) {
      response.set_content(body, "application/json");
    });
    server.Get("/old", [](const httplib::Request&, httplib::Response& response) {
      response.set_redirect("/api/shop.json");
    });
    server.Get("/circle", [](const httplib::Request&, httplib::Response& response) {
      response.set_redirect("/circle");
    });
  };
}

}  // namespace

TEST_CASE_METHOD(CliFixture, "connector import: a description becomes a file of the home") {
  const auto shop = folder.write("shop.json", kShop);
  const auto result = run({"connector", "import", "openapi", shop.string()});
  CHECK(result.code == 0);
  const auto file = folder / "connectors/shop.yaml";
  CHECK(result.out == "connector 'shop' with 2 endpoints, in " + file.string() + "\n");
  CHECK(result.err == "not all of the description is in it:\n      1 × method TRACE\n");
  CHECK_THAT(content(file), Contains("connector: shop\ntitle: Shop API\n") &&
                                Contains("  list-items:\n") &&
                                Contains("      id: { in: path, type: string, required: true }\n"));
  CHECK(run({"connector", "check", file.string()}).out == "1 file checked, no errors\n");
}

TEST_CASE_METHOD(CliFixture, "connector import: a file that is there is replaced only by force") {
  const auto shop = folder.write("shop.json", kShop);
  const auto there = folder.write("connectors/shop.yaml", "mine");
  const auto refused = run({"connector", "import", "openapi", shop.string()});
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, Contains("shop.yaml is there already") && Contains("--force"));
  CHECK(content(there) == "mine");
  CHECK(run({"connector", "import", "openapi", shop.string(), "--force"}).code == 0);
  CHECK_THAT(content(there), Contains("connector: shop"));
  CHECK(
      run({"connector", "import", "openapi", shop.string(), "--to", folder / "", "--force"}).code ==
      1);
}

TEST_CASE_METHOD(CliFixture, "connector import: names, a choice of endpoints, and where it goes") {
  const auto shop = folder.write("shop.json", kShop);
  const auto to = folder / "deep/er/mine.yaml";
  const auto result =
      run({"connector", "import", "openapi", shop.string(), "--name", "mine", "--only", "get-*",
           "--to", to.string(), "--base-url", "https://test.example", "--output", "json"});
  CHECK(result.code == 0);
  const auto record = Json::parse(result.out);
  CHECK(record == Json{{"connector", "mine"},
                       {"path", to.string()},
                       {"endpoints", 1},
                       {"auth", Json::array()},
                       {"unsupported", {{{"kind", "method TRACE"}, {"count", 1}}}},
                       {"withheld", Json::array()}});
  CHECK_THAT(content(to), Contains("base_url: https://test.example\n"));
  const auto printed = run({"connector", "import", "openapi", shop.string(), "--to", "-"});
  CHECK_THAT(printed.out, Catch::StartsWith("connector: shop\n"));
  CHECK_THAT(printed.err, Contains("connector 'shop' with 2 endpoints\n"));
}

TEST_CASE_METHOD(CliFixture, "connector import: one with the name of a built-in one is told of") {
  const auto shop = folder.write("shop.json", kShop);
  CHECK_THAT(run({"connector", "import", "openapi", shop.string(), "--name", "github"}).err,
             Contains("it takes the place of the built-in connector 'github'"));
}

TEST_CASE_METHOD(CliFixture,
                 "connector check: a description of another language is told from a typo") {
  const auto shop = folder.write("shop.json", kShop).string();
  const auto result = run({"connector", "check", shop});
  CHECK(result.code == 6);
  const auto told = result.out + result.err;
  CHECK_THAT(told, Contains("shop.json:2:4: error: this is an OpenAPI description") &&
                       Contains("'connector import openapi' makes a connector of it") &&
                       !Contains("has no key"));
  const auto old = folder.write("old.yaml", "swagger: '2.0'\n").string();
  CHECK(run({"connector", "check", old}).code == 6);
  const auto mine = folder.write("mine.yaml", "connector: a\nopenapi: 1\n").string();
  const auto typo = run({"connector", "check", mine});
  CHECK_THAT(typo.out + typo.err, Contains("a connector has no key 'openapi'"));
}

TEST_CASE_METHOD(CliFixture,
                 "connector import: a curl command makes a connector, the next adds to it") {
  const auto first = run({"connector", "import", "curl",
                          "curl https://shop.example/items -L -u me:pw -d pin=1 -d password=x"});
  CHECK(first.code == 0);
  const auto file = folder / "connectors/shop.yaml";
  CHECK(first.out == "connector 'shop' with 1 endpoint, in " + file.string() + "\n");
  CHECK(
      first.err ==
      "not all of the command is in it:\n      1 × option -L\n"
      "calls have to give what may be a secret:\n  password in the body of post-items\n"
      "it is called with a credential: 'tba-integrate credential set NAME --connector shop --auth "
      "login'\n");
  const auto second = run({"connector", "import", "curl", "-"}, "curl https://shop.example/a\n");
  CHECK(second.out == "extended connector 'shop' with 1 endpoint, in " + file.string() + "\n");
  CHECK(second.err.empty());
  CHECK_THAT(content(file), Contains("  post-items:\n") && Contains("\n  get-a:\n"));
  CHECK(run({"connector", "check", file.string()}).code == 0);
  const auto json = run({"connector", "import", "curl", "curl https://shop.example/a", "--force",
                         "--output", "json"});
  CHECK(Json::parse(json.out).at("endpoints") == 1);
  CHECK_THAT(content(file), !Contains("post-items"));
  folder.write("connectors/shop.yaml", "mine");
  CHECK(run({"connector", "import", "curl", "curl https://shop.example/a"}).code == 6);
  CHECK(content(file) == "mine");
}

TEST_CASE_METHOD(CliFixture, "connector import: a Postman collection becomes a connector") {
  const std::string collection =
      R"({"info":{"name":"Shop"},"item":[{"name":"Get it","request":"https://shop.example/it"}]})";
  const auto result = run({"connector", "import", "postman", "-", "--to", "-"}, collection);
  CHECK(result.code == 0);
  CHECK_THAT(result.out, Catch::StartsWith("connector: shop\n") && Contains("\n  get-it:\n"));
  const auto wrong = run({"connector", "import", "postman", folder.write("a.json", "{}").string()});
  CHECK(wrong.code == 6);
  CHECK_THAT(wrong.err, Contains("a.json: this is no Postman collection"));
}

TEST_CASE_METHOD(CliFixture, "connector import: a command that is none is not repeated") {
  const auto wrong = run({"connector", "import", "curl", "wget https://a.example?key=secret"});
  CHECK(wrong.code == 2);
  CHECK_THAT(wrong.err, Contains("this is no command of curl") && !Contains("secret"));
}

TEST_CASE_METHOD(CliFixture, "connector import: what is wrong, with its exit code") {
  const auto import = [&](const std::string& source, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"connector", "import", "openapi", source});
    return run(std::move(more));
  };
  const auto shop = folder.write("shop.json", kShop).string();
  CHECK(import(folder / "none.json").code == 3);
  const auto broken = import(folder.write("broken.json", "{ \"openapi\": ").string());
  CHECK(broken.code == 6);
  CHECK_THAT(broken.err, Contains("broken.json: line 1, column "));
  const auto other = import(folder.write("other.yaml", "openapi: 4.0.0").string());
  CHECK(other.code == 6);
  CHECK_THAT(other.err, Contains("it is of version 4.0.0 of OpenAPI"));
  CHECK(import(folder.write("empty.yaml", "openapi: 3.0.0").string()).code == 6);
  CHECK(import(shop, {"--only", "none-*"}).code == 3);
  CHECK(import(shop, {"--name", "no name"}).code == 2);
  const auto url = import(shop, {"--base-url", "nowhere"});
  CHECK(url.code == 1);
  CHECK_THAT(url.err, Contains("'nowhere' is not a base URL"));
  CHECK(run({"connector", "import", "raml", shop}).code == 2);
  CHECK(import("ftp://shop.example/x.json").code == 3);
}

TEST_CASE_METHOD(CliFixture, "connector import: one that is too large for a file says what to do") {
  std::string paths;
  const std::string text(100, 'x');
  for (int i = 0; i < 40'000; ++i) {
    paths += (i > 0 ? "," : "") + ("\"/a" + std::to_string(i)) + R"(":{"get":{"summary":")" + text +
             R"(","description":")" + text + text + "\"}}";
  }
  const auto file = folder.write(
      "large.json",
      R"({"openapi":"3.0.0","servers":[{"url":"https://a.example"}],"paths":{)" + paths + "}}");
  const auto result = run({"connector", "import", "openapi", file.string()});
  CHECK(result.code == 1);
  CHECK_THAT(result.err, Contains("a file holds 8MiB at most") && Contains("--only"));
}

TEST_CASE_METHOD(CliFixture, "connector import: from a URL, whose server is the API's") {
  const HttpServer server(serving(
      R"({"openapi":"3.0.0","info":{"title":"Shop"},"servers":[{"url":"/v2"}],
          "paths":{"/items":{"get":{}}}})"));
  const auto result =
      run({"connector", "import", "openapi", server.url("/old?key=hidden"), "--to", "-"});
  CHECK(result.code == 0);
  CHECK_THAT(result.out, Contains("# Imported from " + server.url("/old") + "\n") &&
                             Contains("base_url: " + server.url("/v2") + "\n") &&
                             !Contains("hidden"));
}

TEST_CASE("fetch: what does not come says why") {
  const auto code_of = [](const std::string& url, const cli::FetchLimits& limits = {}) {
    const auto body = cli::fetch(url, limits);
    REQUIRE_FALSE(body.has_value());
    return body.error().code;
  };
  const HttpServer server(serving(std::string(1000, 'x')));
  CHECK(cli::fetch(server.url("/api/shop.json#part")).value().size() == 1000);
  CHECK(code_of(server.url("/none")) == ExitCode::not_found);
  CHECK(code_of(server.url("/circle")) == ExitCode::failed);
  CHECK(code_of(server.url("/api/shop.json"), {.bytes = 999}) == ExitCode::failed);
  CHECK(code_of(server.url("/api/shop.json"), {.time = std::chrono::seconds(-1)}) ==
        ExitCode::timed_out);
  CHECK(code_of("http://127.0.0.1:" + std::to_string(unused_port()) + "/") == ExitCode::failed);
  CHECK(code_of("ftp://127.0.0.1/") == ExitCode::usage);
}

TEST_CASE("fetch: a certificate that nobody vouches for is refused") {
  TemporaryFolder folder;
  const auto made = make_certificate();
  const HttpServer server(folder.write("certificate.pem", made.certificate).string(),
                          folder.write("key.pem", made.key).string(), serving("{}"));
  const auto body = cli::fetch(server.url("/api/shop.json"));
  REQUIRE_FALSE(body.has_value());
  CHECK_THAT(body.error().message, Contains("is not trusted"));
}

TEST_CASE("fetch: over https nothing leads to http") {
  TemporaryFolder folder;
  const auto made = make_certificate();
  const auto certificate = folder.write("certificate.pem", made.certificate).string();
  const HttpServer plain(serving("{}"));
  const auto there = plain.url("/api/shop.json");
  const HttpServer server(
      certificate, folder.write("key.pem", made.key).string(), [&](httplib::Server& routes) {
        serving("{}")(routes);
        routes.Get("/away",
                   [&](const auto&, httplib::Response& response) { response.set_redirect(there); });
      });
  setenv("SSL_CERT_FILE", certificate.c_str(), 1);
  const auto body = cli::fetch(server.url("/old"));
  const auto away = cli::fetch(server.url("/away"));
  unsetenv("SSL_CERT_FILE");
  CHECK((body.has_value() && *body == "{}"));
  REQUIRE_FALSE(away.has_value());
  CHECK_THAT(away.error().message, Contains("which is not by https"));
}

TEST_CASE_METHOD(CliFixture, "connector check: every problem with its place, and exit code 6") {
  const auto good = folder.write("good.yaml",
                                 "connector: good\nbase_url: https://a.example\nendpoints:\n"
                                 "  list: { method: GET, path: /items }\n");
  const auto bad = folder.write("bad.yaml",
                                "connector: bad\nbase_url: a.example\nendpoints:\n"
                                "  list: { method: GTE, path: items }\n");
  CHECK(run({"connector", "check", good.string()}).out == "1 file checked, no errors\n");
  const auto result = run({"connector", "check", good.string(), bad.string()});
  CHECK(result.code == 6);
  CHECK(result.out == "2 files checked, 1 with errors\n");
  CHECK_THAT(result.err, Contains(bad.string() + ":2:11: error: 'a.example' is not a base URL") &&
                             Contains(bad.string() + ":4:19: error: ") &&
                             Contains(bad.string() + ":4:30: error: a path begins with '/'"));
  const auto json = run({"connector", "check", bad.string(), "--output", "json"});
  CHECK(json.code == 6);
  CHECK(Json::parse(json.out).at("items")[0].at("valid") == false);
  CHECK(run({"connector", "check", folder / "none.yaml"}).code == 3);
  CHECK(run({"connector", "check"}).code == 2);
}

}  // namespace tba::tests
