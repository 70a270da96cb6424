#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/connectors/circuit.h"
#include "daemon/log.h"
#include "daemon/retention/limits.h"
#include "shared/diagnostic.h"
#include "shared/expression/mapping.h"
#include "shared/expression/program.h"
#include "shared/ip_network.h"
#include "shared/paths.h"
#include "shared/value/value.h"

namespace tba::daemon {

/// Where the HTTP server listens on TCP.
struct ListenAddress {
  std::string host;        ///< A name or an address; IPv6 without its brackets.
  std::uint16_t port = 0;  ///< 0: any free one.

  bool operator==(const ListenAddress&) const = default;
};

/// What the HTTP server accepts.
struct ServerLimits {
  std::size_t header_bytes = 16 << 10;
  std::size_t body_bytes = 25 << 20;
  std::size_t bodies_total = 256 << 20;  ///< Of all requests from TCP at a time.
  std::size_t connections = 1024;
  std::chrono::milliseconds idle{60'000};  ///< After which a silent connection is closed.
};

/// How many requests steps and polls may have under way at a time; others wait for their turn.
struct RequestLimits {
  std::size_t to_host = 128;  ///< And one port of it.
  std::size_t in_all = 1024;
};

/// Whom a `notify` step of that target tells, and how.
struct NotifyRule {
  std::string connector;
  std::string endpoint;
  std::string credential;    ///< Or empty.
  expression::Mapping with;  ///< An object; reads what the step gives as `.inputs`, and `.vars`.
};

/// What `config.yaml` says, everything it does not say filled in. Paths are absolute.
struct Config {
  std::optional<ListenAddress> listen = ListenAddress{"127.0.0.1", 8632};  ///< None: no TCP.
  std::vector<IpNetwork> trusted_proxies;  ///< Believed whom they pass requests on from.
  std::filesystem::path socket;
  std::filesystem::path store;
  std::filesystem::path vault_key;
  std::vector<std::filesystem::path> workflows;   ///< Folders.
  std::vector<std::filesystem::path> connectors;  ///< Folders; the built-in ones are always there.
  std::vector<std::filesystem::path> plugins;     ///< Folders of the folders of plugins.
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::automatic;
  ServerLimits limits;
  RequestLimits requests;
  connectors::CircuitRules circuits;
  retention::Limits retention;
  expression::Budget expressions;                         ///< Of each evaluation.
  Value vars = Value::object({});                         ///< `.vars` of expressions: an object.
  std::map<std::string, NotifyRule, std::less<>> notify;  ///< By the target's name.
};

/// What holds where there is no configuration file.
Config default_config(const Paths& paths);

/// Reads a configuration file. `path` is its own absolute path: relative paths in it are taken from
/// its folder. Adds every problem to `diagnostics`; gives a configuration only where none of them
/// was an error. Never throws on bad input.
std::optional<Config> read_config(const std::filesystem::path& path, std::string text,
                                  const Paths& paths, Diagnostics& diagnostics);

}  // namespace tba::daemon
