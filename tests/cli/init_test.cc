#include <filesystem>
#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/json.h"
#include "tests/cli/cli_fixture.h"

namespace tba::tests {
namespace {

using Catch::Contains;
namespace fs = std::filesystem;

std::string text_of_file(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE_METHOD(CliFixture, "init: makes a private home with a workflow that is in order") {
  const fs::path home = folder / "deep/home";
  environment["TBA_HOME"] = home;
  const auto result = run({"init"});
  CHECK(result.code == 0);
  CHECK_THAT(result.out, Contains("tba-integrate daemon start") &&
                             Contains("tba-integrate run start hello --watch"));
  for (const auto& made : {home, home / "workflows", home / "connectors", home / "plugins"}) {
    CHECK(fs::status(made).permissions() == fs::perms::owner_all);
  }
  CHECK(fs::status(home / "config.yaml").permissions() ==
        (fs::perms::owner_read | fs::perms::owner_write));
  const auto check = run({"workflow", "check"});
  CHECK(check.err.empty());
  CHECK(check.code == 0);
}

TEST_CASE_METHOD(CliFixture, "init: the configuration and its manual show every key") {
  run({"init"});
  const std::string made = text_of_file(folder / "config.yaml");
  const fs::path source = TBA_SOURCE_DIR;
  const std::string manual = text_of_file(source / "man/tba-integrated.8");
  const auto schema = cli::Json::parse(text_of_file(source / "shared/schema/config.schema.json"));
  for (const auto& [key, value] : schema.at("properties").items()) {
    CHECK_THAT(made, Contains("\n# " + key + ":"));
    if (!value.contains("$ref")) {
      CHECK_THAT(manual, Contains(key));
      continue;
    }
    const auto& table =
        schema.at(cli::Json::json_pointer(value.at("$ref").get<std::string>().substr(1)));
    for (const auto& [inner, unused] : table.at("properties").items()) {
      CHECK_THAT(made, Contains("\n#   " + inner + ":"));
      CHECK_THAT(manual, Contains(key + "." + inner));
    }
  }
}

TEST_CASE_METHOD(CliFixture, "init: touches nothing that is there") {
  folder.write("config.yaml", "log: { level: debug }\n");
  folder.write("workflows/mine.yaml", "name: mine\n");
  CHECK(run({"init"}).code == 0);
  CHECK(text_of_file(folder / "config.yaml") == "log: { level: debug }\n");
  CHECK_FALSE(fs::exists(folder / "workflows/hello.yaml"));
  const auto again = run({"init"});
  CHECK(again.out == "the home " + folder.path().string() + " is complete; nothing was changed\n");
}

TEST_CASE_METHOD(CliFixture, "init: a file in the way is an error") {
  folder.write("workflows", "not a folder");
  const auto result = run({"init"});
  CHECK(result.code == 1);
  CHECK_THAT(result.err, Contains("cannot make the folder") && Contains("workflows"));
}

TEST_CASE_METHOD(CliFixture, "init: hints name a home given by --home") {
  const std::string home = folder / "other";
  CHECK_THAT(run({"init", "--home", home}).out,
             Contains("tba-integrate --home " + home + " daemon start"));
}

}  // namespace tba::tests
