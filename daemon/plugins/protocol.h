#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "daemon/log.h"
#include "daemon/plugins/call.h"
#include "shared/connector.h"
#include "shared/error.h"
#include "shared/value/value.h"

/// What is said to the programs of plugins, and what they say: messages of JSON-RPC 2.0, each on a
/// line of its own; see tba-plugin(5).
namespace tba::plugins {

/// The version of what is spoken.
inline constexpr std::int64_t kProtocol = 1;

/// The longest line that a program may write on its standard output.
inline constexpr std::size_t kMaxMessageBytes = 10 << 20;

/// Tells the requests under way apart.
using CallId = std::uint64_t;

/// That of `initialize`; calls come after it.
inline constexpr CallId kInitialize = 0;

/// Each is a line, with its end. The one of a call holds the secrets of its credential.
std::string initialize_message(const Connector& plugin);
std::string call_message(CallId id, const Call& call);
std::string cancel_message(CallId id);
std::string shutdown_message();

/// That a program did not do what a request asks for.
struct CallError {
  std::int64_t code = 0;
  std::string message;
  Value data;
};

/// The answer to a request.
struct Answer {
  CallId id = 0;
  Value result;  ///< Null where there is an error.
  std::optional<CallError> error;
};

/// An entry for the daemon's log.
struct LogEntry {
  daemon::LogLevel level = daemon::LogLevel::info;
  std::string message;
};

using Message = std::variant<Answer, LogEntry>;

/// Understands a line without its end. The error (`invalid`) says what is wrong with it.
Result<Message> read_message(std::string_view line);

/// Whether what a program answered to `initialize` goes together with its manifest: it serves every
/// endpoint of it, knows each parameter by the same type and needs none that the manifest does not.
/// What it does not say of its parameters agrees. The error (`invalid`) says what does not.
Result<> check_agreement(const Connector& plugin, const Value& initialized);

}  // namespace tba::plugins
