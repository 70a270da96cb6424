#include "daemon/config.h"

#include <array>
#include <charconv>
#include <memory>
#include <string_view>

#include "daemon/config_keys.h"
#include "shared/ip_network_reader.h"
#include "shared/mapping_reader.h"
#include "shared/yaml_reader.h"
#include "shared/yaml_scalars.h"

namespace tba::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::pair<std::string_view, LogLevel>, 4> kLevels{{
    {"debug", LogLevel::debug},
    {"info", LogLevel::info},
    {"warning", LogLevel::warning},
    {"error", LogLevel::error},
}};

constexpr std::array<std::pair<std::string_view, LogFormat>, 3> kFormats{{
    {"automatic", LogFormat::automatic},
    {"text", LogFormat::text},
    {"json", LogFormat::json},
}};

template <class Enum, std::size_t Size>
void assign(Enum& target, const std::array<std::pair<std::string_view, Enum>, Size>& table,
            const Fields& fields, std::string_view key) {
  for (const auto& [name, value] : table) {
    if (fields.text(key) == name) target = value;
  }
}

std::optional<ListenAddress> parse_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  auto host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;  // IPv6 without brackets: which colon is the port's is anybody's guess
  }
  const auto digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (host.empty() || failure != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return ListenAddress{std::string(host), port};
}

class ConfigReader {
 public:
  ConfigReader(Config config, fs::path folder, Diagnostics& diagnostics)
      : config_(std::move(config)), folder_(std::move(folder)), diagnostics_(diagnostics) {}

  Config read(const yaml::Node& root) {
    const Fields fields(root, kConfigTable, diagnostics_);
    read_path(fields, "socket", config_.socket);
    read_path(fields, "store", config_.store);
    read_folders(fields, "workflows", config_.workflows);
    read_folders(fields, "connectors", config_.connectors);
    read_folders(fields, "plugins", config_.plugins);
    if (const auto* vars = fields.find("vars"); vars != nullptr && !vars->members.empty()) {
      config_.vars = to_value(*vars, diagnostics_);
    }
    read_notify(fields);
    read_table(fields, "http", [&](const Fields& http) {
      read_listen(http);
      config_.trusted_proxies = read_networks(http, "trusted_proxies");
    });
    read_table(fields, "log", [&](const Fields& log) {
      assign(config_.log_level, kLevels, log, "level");
      assign(config_.log_format, kFormats, log, "format");
    });
    read_table(fields, "limits", [&](const Fields& limits) { read_limits(limits); });
    read_table(fields, "outbound", [&](const Fields& outbound) {
      if (const auto* circuit = outbound.find("circuit"))
        read_circuit(Fields(*circuit, *kConfigTable.find("outbound")->table->find("circuit")->table,
                            diagnostics_));
    });
    read_table(fields, "retention", [&](const Fields& keep) { read_retention(keep); });
    read_table(fields, "expressions", [&](const Fields& expressions) { read_budget(expressions); });
    read_table(fields, "vault",
               [&](const Fields& vault) { read_path(vault, "key_file", config_.vault_key); });
    return std::move(config_);
  }

 private:
  void read_table(const Fields& fields, std::string_view key, auto read) {
    if (const auto* node = fields.find(key)) {
      read(Fields(*node, *kConfigTable.find(key)->table, diagnostics_));
    }
  }

  fs::path absolute(const std::string& written) const {
    return (folder_ / written).lexically_normal();
  }

  void read_path(const Fields& fields, std::string_view key, fs::path& path) {
    const auto* node = fields.find(key);
    if (node == nullptr) return;
    if (node->text.empty()) node->error(diagnostics_, "an empty path names nothing");
    path = absolute(node->text);
  }

  void read_folders(const Fields& fields, std::string_view key, std::vector<fs::path>& folders) {
    const auto written = fields.texts(key);
    if (written.empty()) return;
    folders.clear();
    for (const auto& folder : written) folders.push_back(absolute(folder));
  }

  void read_notify(const Fields& fields) {
    const auto* targets = fields.find("notify");
    if (targets == nullptr) return;
    for (const auto& [name, node] : targets->members) {
      const Fields target(*node, *kConfigTable.find("notify")->table, diagnostics_);
      NotifyRule rule;
      rule.credential = target.text("credential");
      if (const auto* call = target.find("call")) {
        const auto slash = call->text.find('/');
        if (slash == std::string::npos || slash == 0 || slash + 1 == call->text.size()) {
          call->error(diagnostics_, "'" + call->text + "' is not a connector/endpoint",
                      "such as discord/create-message");
        } else {
          rule.connector = call->text.substr(0, slash);
          rule.endpoint = call->text.substr(slash + 1);
        }
      }
      const auto* with = target.find("with");
      rule.with = with != nullptr ? read_told(*with) : expression::Mapping::object({});
      config_.notify.emplace(name->text, std::move(rule));
    }
  }

  // There is no run whose context a target could read.
  expression::Mapping read_told(const yaml::Node& node) {
    using expression::Root;
    return read_mapping(node, diagnostics_,
                        [&](const expression::Reference& reference, const SourcePositions& where) {
                          if (reference.root == Root::inputs || reference.root == Root::vars)
                            return;
                          diagnostics_.error(
                              where, reference.offset, reference.length,
                              "a target of `notify` reads .inputs, what the step gives, and .vars",
                              "let the step give it in its `with:`");
                        });
  }

  void read_listen(const Fields& http) {
    const auto* node = http.find("listen");
    if (node == nullptr) return;
    config_.listen = parse_address(node->text);
    if (!config_.listen && node->text != "none") {
      node->error(diagnostics_, "'" + node->text + "' is not an address to listen on",
                  "host:port, such as 127.0.0.1:8632 or [::1]:8632; or none");
    }
  }

  void read_limits(const Fields& limits) {
    auto& target = config_.limits;
    target.header_bytes = limits.size("header_bytes", target.header_bytes);
    target.body_bytes = limits.size("body_bytes", target.body_bytes);
    target.bodies_total = limits.size("bodies_total", target.bodies_total);
    target.connections = static_cast<std::size_t>(
        limits.integer("connections", static_cast<std::int64_t>(target.connections)));
    auto& requests = config_.requests;
    requests.in_all = static_cast<std::size_t>(
        limits.integer("requests", static_cast<std::int64_t>(requests.in_all)));
    requests.to_host = static_cast<std::size_t>(
        limits.integer("requests_to_host", static_cast<std::int64_t>(requests.to_host)));
    target.idle = limits.duration("idle").value_or(target.idle);
    if (target.idle == std::chrono::milliseconds(0)) {
      limits.find("idle")->error(diagnostics_, "every connection would be closed at once",
                                 "say how long a connection may be silent: 1m");
    }
    if (target.header_bytes < 1024) {
      limits.find("header_bytes")->error(diagnostics_, "a request's header needs at least 1KiB");
    }
  }

  void read_circuit(const Fields& circuit) {
    auto& rules = config_.circuits;
    rules.failures = static_cast<std::size_t>(
        circuit.integer("failures", static_cast<std::int64_t>(rules.failures)));
    rules.within = circuit.duration("within").value_or(rules.within);
    rules.pause = circuit.duration("pause").value_or(rules.pause);
    rules.longest_pause = circuit.duration("longest_pause").value_or(rules.longest_pause);
    rules.patience = circuit.duration("patience").value_or(rules.patience);
    if (rules.pause.count() == 0) {
      circuit.find("pause")->error(diagnostics_, "a host that fails would be tried all the time",
                                   "say how long it is left alone at least: 5s");
    }
    if (rules.longest_pause < rules.pause) {
      const auto* longest = circuit.find("longest_pause");
      (longest ? longest : circuit.find("pause"))
          ->error(diagnostics_, "the longest pause is shorter than the first one");
    }
  }

  static retention::RunLimits run_limits(const Fields& fields, retention::RunLimits limits) {
    limits.age = fields.duration("age").value_or(limits.age);
    limits.runs =
        static_cast<std::uint64_t>(fields.integer("runs", static_cast<std::int64_t>(limits.runs)));
    limits.bytes = fields.size("bytes", limits.bytes);
    return limits;
  }

  void read_retention(const Fields& keep) {
    auto& target = config_.retention;
    target.runs = run_limits(keep, target.runs);
    if (const auto* workflows = keep.find("workflows")) {
      const auto& table = *kConfigTable.find("retention")->table->find("workflows")->table;
      for (const auto& [name, node] : workflows->members) {
        target.workflows.emplace(name->text,
                                 run_limits(Fields(*node, table, diagnostics_), target.runs));
      }
    }
    target.total_runs = static_cast<std::uint64_t>(
        keep.integer("total_runs", static_cast<std::int64_t>(target.total_runs)));
    target.total_bytes = keep.size("total_bytes", target.total_bytes);
    target.deliveries = keep.duration("deliveries").value_or(target.deliveries);
    target.delivery_ids = keep.duration("delivery_ids").value_or(target.delivery_ids);
    target.events = keep.duration("events").value_or(target.events);
    target.poll_items = keep.duration("poll_items").value_or(target.poll_items);
  }

  void read_budget(const Fields& expressions) {
    constexpr std::size_t kLeastBytes = std::size_t{64} << 10;
    constexpr std::size_t kMostBytes = std::size_t{4} << 30;
    auto& budget = config_.expressions;
    budget.steps = static_cast<std::uint64_t>(
        expressions.integer("steps", static_cast<std::int64_t>(budget.steps)));
    budget.bytes = expressions.size("bytes", budget.bytes);
    budget.depth = static_cast<std::size_t>(
        expressions.integer("depth", static_cast<std::int64_t>(budget.depth)));
    if (budget.bytes < kLeastBytes || budget.bytes > kMostBytes) {
      expressions.find("bytes")->error(diagnostics_, "'bytes' must be from 64KiB to 4GiB");
    }
  }

  Config config_;
  fs::path folder_;
  Diagnostics& diagnostics_;
};

}  // namespace

Config default_config(const Paths& paths) {
  Config config;
  config.socket = paths.socket;
  config.store = paths.store;
  config.vault_key = paths.vault_key;
  config.workflows = {paths.workflows};
  config.connectors = {paths.connectors};
  config.plugins = {paths.plugins};
  return config;
}

std::optional<Config> read_config(const fs::path& path, std::string text, const Paths& paths,
                                  Diagnostics& diagnostics) {
  const auto errors = diagnostics.error_count();
  const auto file = std::make_shared<const SourceFile>(path.string(), std::move(text));
  const auto root = yaml::read(file, diagnostics);
  if (!root) return std::nullopt;
  auto config = ConfigReader(default_config(paths), path.parent_path(), diagnostics).read(*root);
  if (diagnostics.error_count() > errors) return std::nullopt;
  return config;
}

}  // namespace tba::daemon
