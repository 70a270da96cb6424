#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/json.h"
#include "shared/connector_reader.h"
#include "tests/cli/cli_fixture.h"

namespace tba::tests {
namespace {

using Catch::Contains;

std::string content(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE_METHOD(CliFixture, "connector new: a file that passes the check, for each type of auth") {
  for (const std::string type : {"none", "bearer", "basic", "api_key", "oauth2"}) {
    CAPTURE(type);
    const auto result = run({"connector", "new", "shop-" + type, "--auth", type, "--base-url",
                             "https://shop.example/v1"});
    const auto file = folder / ("connectors/shop-" + type + ".yaml");
    CHECK(result.out == "wrote " + file.string() + "\n");
    CHECK(result.code == 0);
    const auto text = content(file);
    CHECK_THAT(text, Contains("\nbase_url: https://shop.example/v1\n") &&
                         Contains("call shop-" + type + "/list-items limit=5") &&
                         Contains("\n#   when: ${{ .body.ok == false }}\n"));
    CHECK((text.find("\nauth:\n") == std::string::npos) == (type == "none"));
    CHECK(run({"connector", "check", file.string()}).out == "1 file checked, no errors\n");
  }
}

TEST_CASE_METHOD(CliFixture, "connector new: a login is where the API is") {
  run({"connector", "new", "shop", "--auth", "oauth2"});
  Diagnostics diagnostics;
  const auto read =
      read_connector("shop.yaml", content(folder / "connectors/shop.yaml"), diagnostics);
  REQUIRE(read);
  const auto& oauth = *read->scheme("oauth")->oauth2;
  CHECK(names_of(oauth.grants) == std::vector<std::string_view>{"authorization_code"});
  CHECK(oauth.token_url == "{origin}/oauth/token");
}

TEST_CASE_METHOD(CliFixture, "connector new: what is commented out is right, too") {
  run({"connector", "new", "shop"});
  auto text = content(folder / "connectors/shop.yaml");
  for (const std::string key : {"rate_limits:", "  all:", "error:", "  when:", "  message:"}) {
    const auto at = text.find("\n# " + key);
    CAPTURE(key);
    REQUIRE(at != std::string::npos);
    text.erase(at + 1, 2);
  }
  const auto file = folder.write("whole.yaml", text).string();
  CHECK(run({"connector", "check", file}).out == "1 file checked, no errors\n");
}

TEST_CASE_METHOD(CliFixture, "connector new: a file that is there is not touched") {
  const auto file = folder.write("connectors/shop.yaml", "mine");
  const auto result = run({"connector", "new", "shop"});
  CHECK(result.code == 1);
  CHECK_THAT(result.err, Contains("shop.yaml is there already"));
  CHECK(content(file) == "mine");
}

TEST_CASE_METHOD(CliFixture, "connector new: names and URLs that cannot be are refused") {
  CHECK(run({"connector", "new", "no name"}).code == 2);
  const auto url = run({"connector", "new", "shop", "--base-url", "nowhere"});
  CHECK(url.code == 2);
  CHECK_THAT(url.err, Contains("no connector can be made of it"));
  CHECK(run({"connector", "new", "shop", "--base-url", "https://a\nauth: {}"}).code == 2);
  CHECK(run({"connector", "new", "shop", "--auth", "magic"}).code == 2);
  CHECK_FALSE(std::filesystem::exists(folder / "connectors/shop.yaml"));
}

TEST_CASE_METHOD(CliFixture, "connector new: one with the name of a built-in one is told of") {
  const auto result = run({"connector", "new", "github", "--output", "json"});
  CHECK(result.err == "it takes the place of the built-in connector 'github'\n");
  CHECK(cli::Json::parse(result.out) ==
        cli::Json{{"connector", "github"}, {"path", (folder / "connectors/github.yaml").string()}});
}

}  // namespace tba::tests
