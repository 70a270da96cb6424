#include "cli/session.h"

#include <optional>

#include <fmt/format.h>

#include "shared/diagnostic.h"
#include "shared/file.h"
#include "shared/key_table.h"
#include "shared/yaml_reader.h"
#include "shared/yaml_scalars.h"

namespace tba::cli {

namespace {

// The configuration as it is written, or null. The daemon is who checks that file.
yaml::NodePtr configuration(const Paths& paths) {
  auto text = read_file(paths.config_file, kMaxYamlBytes);
  if (!text) return nullptr;
  Diagnostics told_by_the_daemon;
  return yaml::read(
      std::make_shared<const SourceFile>(paths.config_file.string(), std::move(*text)),
      told_by_the_daemon);
}

// The socket that the configuration names, if it does.
std::optional<std::filesystem::path> configured_socket(const Paths& paths) {
  const auto root = configuration(paths);
  const auto* socket = root ? root->find("socket") : nullptr;
  if (socket == nullptr || socket->kind != yaml::Node::Kind::scalar) return std::nullopt;
  return (paths.config_file.parent_path() / socket->text).lexically_normal();
}

}  // namespace

Session::Session(Console& console, GlobalOptions options)
    : console_(console), options_(std::move(options)) {}

Outcome<Paths> Session::paths() const {
  const Environment environment = [this](const std::string& name) -> std::optional<std::string> {
    if (name == "TBA_HOME" && !options_.home.empty()) return options_.home;
    return console_.environment(name);
  };
  auto paths = resolve_paths(environment);
  if (!paths) return from_error(paths.error());
  if (!options_.socket.empty()) {
    paths->socket = std::filesystem::absolute(options_.socket);
  } else if (auto socket = configured_socket(*paths)) {
    paths->socket = std::move(*socket);
  }
  return *paths;
}

std::optional<Value> Session::configured_vars() const {
  const auto known = paths();
  const auto root = known ? configuration(*known) : nullptr;
  if (!root) return std::nullopt;
  const auto* vars = root->find("vars");
  Diagnostics told_by_the_daemon;
  return vars != nullptr && vars->kind == yaml::Node::Kind::mapping
             ? to_value(*vars, told_by_the_daemon)
             : Value::object({});
}

std::optional<std::vector<std::string>> Session::configured_notify_targets() const {
  const auto known = paths();
  const auto root = known ? configuration(*known) : nullptr;
  if (!root) return std::nullopt;
  std::vector<std::string> names;
  if (const auto* notify = root->find("notify")) {
    for (const auto& member : notify->members) names.push_back(member.key->text);
  }
  return names;
}

std::vector<std::filesystem::path> Session::workflow_folders(const Paths& paths) const {
  const auto root = configuration(paths);
  const auto* written = root ? root->find("workflows") : nullptr;
  if (written == nullptr || written->items.empty()) return {paths.workflows};
  std::vector<std::filesystem::path> folders;
  for (const auto& folder : written->items)
    folders.push_back((paths.config_file.parent_path() / folder->text).lexically_normal());
  return folders;
}

Outcome<DaemonClient> Session::daemon() const {
  auto known = paths();
  if (!known) return known.error();
  const bool has_home = std::filesystem::exists(known->home);
  return DaemonClient(known->socket.string(),
                      has_home ? fmt::format("start it with '{}'", command_line("daemon start"))
                               : fmt::format("there is no home at {}: make one with '{}', then "
                                             "start it with '{}'",
                                             known->home.string(), command_line("init"),
                                             command_line("daemon start")));
}

std::string Session::command_line(std::string_view command) const {
  if (options_.home.empty()) return fmt::format("tba-integrate {}", command);
  return fmt::format("tba-integrate --home {} {}", options_.home, command);
}

}  // namespace tba::cli
