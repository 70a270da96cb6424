#include "shared/paths.h"

#include <map>

#include <catch2/catch.hpp>

namespace {

tba::Environment variables(std::map<std::string, std::string> set) {
  return [set = std::move(set)](const std::string& name) -> std::optional<std::string> {
    const auto found = set.find(name);
    return found != set.end() ? std::optional(found->second) : std::nullopt;
  };
}

}  // namespace

TEST_CASE("paths: TBA_HOME holds everything, whatever else is set") {
  const auto paths =
      tba::resolve_paths(variables({{"TBA_HOME", "/srv/tba/"}, {"HOME", "/home/ada"}})).value();
  CHECK(paths.config_file == "/srv/tba/config.yaml");
  CHECK(paths.workflows == "/srv/tba/workflows");
  CHECK(paths.connectors == "/srv/tba/connectors");
  CHECK(paths.plugins == "/srv/tba/plugins");
  CHECK(paths.store == "/srv/tba/tba.db");
  CHECK(paths.vault_key == "/srv/tba/vault.key");
  CHECK(paths.socket == "/srv/tba/daemon.sock");
  CHECK(paths.log_file == "/srv/tba/daemon.log");
  CHECK(paths.runs == "/srv/tba/runs");
}

TEST_CASE("paths: a relative TBA_HOME is taken from the current folder") {
  const auto paths = tba::resolve_paths(variables({{"TBA_HOME", "here"}})).value();
  CHECK(paths.home == std::filesystem::current_path() / "here");
}

TEST_CASE("paths: without TBA_HOME the XDG folders, or their defaults below HOME") {
  const auto defaults = tba::resolve_paths(variables({{"HOME", "/home/ada"}})).value();
  CHECK(defaults.config_file == "/home/ada/.config/tba-integrate/config.yaml");
  CHECK(defaults.workflows == "/home/ada/.config/tba-integrate/workflows");
  CHECK(defaults.store == "/home/ada/.local/share/tba-integrate/tba.db");
  CHECK(defaults.vault_key == "/home/ada/.local/share/tba-integrate/vault.key");
  CHECK(defaults.log_file == "/home/ada/.local/state/tba-integrate/daemon.log");
  CHECK(defaults.runs == "/home/ada/.local/state/tba-integrate/runs");
  CHECK(defaults.socket == "/home/ada/.local/share/tba-integrate/daemon.sock");

  const auto set = tba::resolve_paths(variables({{"HOME", "/home/ada"},
                                                 {"TBA_HOME", ""},
                                                 {"XDG_CONFIG_HOME", "/c"},
                                                 {"XDG_DATA_HOME", "/d"},
                                                 {"XDG_STATE_HOME", "relative/ignored"},
                                                 {"XDG_RUNTIME_DIR", "/run/user/7"}}))
                       .value();
  CHECK(set.config_file == "/c/tba-integrate/config.yaml");
  CHECK(set.store == "/d/tba-integrate/tba.db");
  CHECK(set.log_file == "/home/ada/.local/state/tba-integrate/daemon.log");
  CHECK(set.socket == "/run/user/7/tba-integrate/daemon.sock");
}

TEST_CASE(
    "paths: with neither TBA_HOME nor HOME there is no place, and the error says what to do") {
  const auto paths = tba::resolve_paths(variables({{"XDG_CONFIG_HOME", "/c"}}));
  REQUIRE(paths.has_error());
  CHECK(paths.error().message == "there is no place for the configuration: HOME is not set");
  CHECK(paths.error().hint == "set TBA_HOME to the folder that is to hold everything");
}
