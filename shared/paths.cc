#include "shared/paths.h"

#include <cstdlib>

namespace tba {
namespace {

namespace fs = std::filesystem;

constexpr const char* kProgram = "tba-integrate";

std::optional<std::string> set(const Environment& environment, const std::string& name) {
  auto value = environment(name);
  return value && !value->empty() ? value : std::nullopt;
}

Paths in_one_folder(const fs::path& home) {
  return {.home = home,
          .config_file = home / "config.yaml",
          .workflows = home / "workflows",
          .connectors = home / "connectors",
          .plugins = home / "plugins",
          .store = home / "tba.db",
          .vault_key = home / "vault.key",
          .socket = home / "daemon.sock",
          .log_file = home / "daemon.log",
          .runs = home / "runs"};
}

}  // namespace

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

Result<Paths> resolve_paths(const Environment& environment) {
  if (const auto home = set(environment, "TBA_HOME")) {
    std::error_code failure;
    const auto absolute = fs::absolute(*home, failure);
    if (failure) {
      return Error{ErrorCode::invalid, "cannot find the folder of TBA_HOME: " + failure.message(),
                   "set TBA_HOME to an absolute path"};
    }
    return in_one_folder(absolute.lexically_normal());
  }
  const auto user_home = set(environment, "HOME");
  const auto xdg = [&](const std::string& name, const char* fallback) -> std::optional<fs::path> {
    if (const auto folder = set(environment, name); folder && fs::path(*folder).is_absolute()) {
      return fs::path(*folder) / kProgram;
    }
    if (!user_home || fallback == nullptr) return std::nullopt;
    return fs::path(*user_home) / fallback / kProgram;
  };
  const auto config = xdg("XDG_CONFIG_HOME", ".config");
  const auto data = xdg("XDG_DATA_HOME", ".local/share");
  const auto state = xdg("XDG_STATE_HOME", ".local/state");
  const auto runtime = xdg("XDG_RUNTIME_DIR", nullptr);
  if (!config || !data || !state) {
    return Error{ErrorCode::invalid, "there is no place for the configuration: HOME is not set",
                 "set TBA_HOME to the folder that is to hold everything"};
  }
  auto paths = in_one_folder(*config);
  paths.store = *data / "tba.db";
  paths.vault_key = *data / "vault.key";
  paths.log_file = *state / "daemon.log";
  paths.runs = *state / "runs";
  paths.socket = runtime.value_or(*data) / "daemon.sock";
  return paths;
}

}  // namespace tba
