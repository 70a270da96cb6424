#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/cli/cli_fixture.h"

namespace tba::tests {
namespace {

using Catch::Contains;
namespace fs = std::filesystem;

/// A home with a connector and its cassettes, whose daemon is a shell script.
struct WithCassettes : CliFixture {
  WithCassettes() {
    connector = folder.write("connectors/shop.yaml", "connector: shop\n").string();
    cassettes = folder.write("connectors/cassettes/shop.yaml", "cassettes: []\n").string();
  }

  void program(const std::string& script) {
    const auto file = folder.write("bin/tba-integrated", "#!/bin/sh\n" + script + "\n");
    fs::permissions(file, fs::perms::owner_all);
    environment["PATH"] = (folder / "bin").string();
  }

  std::string connector;
  std::string cassettes;
};

constexpr const char* kItems = R"({"items":[
  {"name":"it is found","endpoint":"get","passed":true,"differences":[]},
  {"name":"add","endpoint":"add","passed":false,"differences":[
    {"at":"request.url","expected":"https://a","got":"https://b"},
    {"at":"result","expected":{"a":[1]},"got":null}]}]})";

}  // namespace

TEST_CASE_METHOD(WithCassettes, "connector test: what passed, and what differs") {
  program("echo '" + std::string(kItems) + "'");
  const auto result = run({"connector", "test", "shop"});
  CHECK(result.code == 1);
  CHECK(result.out ==
        "ok    it is found (get)\n"
        "FAIL  add\n"
        "      request.url\n"
        "        expected  https://a\n"
        "        got       https://b\n"
        "      result\n"
        "        expected  {\"a\":[1]}\n"
        "        got       null\n"
        "1 passed, 1 failed\n");
  CHECK_THAT(run({"connector", "test", "shop", "--output", "json"}).out,
             Contains("\"at\": \"request.url\""));
  program(R"(echo '{"items":[{"name":"get","endpoint":"get","passed":true,"differences":[]}]}')");
  CHECK(run({"connector", "test", "shop"}).code == 0);
}

TEST_CASE_METHOD(WithCassettes, "connector test: which files are compared") {
  program("echo \"$*\" > " + (folder / "arguments").string() + "; echo '{\"items\":[]}'");
  const auto arguments = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"connector", "test"});
    const auto result = run(std::move(more));
    CHECK(result.out == "0 passed, 0 failed\n");
    std::ostringstream text;
    text << std::ifstream(folder / "arguments").rdbuf();
    return text.str();
  };
  const auto expected = "--test-connector " + connector + " --cassettes " + cassettes + "\n";
  CHECK(arguments({"shop"}) == expected);
  CHECK(arguments({connector}) == expected);
  const auto other = folder.write("other.yaml", "").string();
  CHECK(arguments({connector, "--cassettes", other}) ==
        "--test-connector " + connector + " --cassettes " + other + "\n");
  const auto of_github = folder.write("connectors/cassettes/github.yaml", "").string();
  CHECK(arguments({"github"}) == "--test-connector github --cassettes " + of_github + "\n");
}

TEST_CASE_METHOD(WithCassettes, "connector test: what cannot be compared says why") {
  const auto missing = run({"connector", "test", "none"});
  CHECK(missing.code == 3);
  CHECK_THAT(missing.err, Contains("none.yaml"));
  CHECK_THAT(run({"connector", "test", "github"}).err, Contains("cassettes/github.yaml"));
  fs::remove(cassettes);
  const auto bare = run({"connector", "test", "shop"});
  CHECK(bare.code == 3);
  CHECK_THAT(bare.err, Contains("cassettes/shop.yaml"));
  folder.write("connectors/cassettes/shop.yaml", "");
  program("exit 6");
  const auto invalid = run({"connector", "test", "shop"});
  CHECK(invalid.code == 6);
  CHECK(invalid.err.empty());
  program("kill -9 $$");
  const auto killed = run({"connector", "test", "shop"});
  CHECK(killed.code == 1);
  CHECK_THAT(killed.err, Contains("tba-integrated ended with 137"));
  program("echo nonsense");
  CHECK(run({"connector", "test", "shop"}).code == 1);
  folder.write("bin/tba-integrated", "#!/nowhere\n");
  CHECK_THAT(run({"connector", "test", "shop"}).err, Contains("cannot run"));
  environment["PATH"] = "/nowhere";
  CHECK(run({"connector", "test", "shop"}).code == 1);
}

}  // namespace tba::tests
