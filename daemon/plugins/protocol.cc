#include "daemon/plugins/protocol.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "shared/name_table.h"
#include "shared/suggestion.h"
#include "shared/value/json.h"
#include "shared/value_type.h"
#include "shared/version.h"

namespace tba::plugins {
namespace {

using daemon::LogLevel;

constexpr NameTable<LogLevel, 4> kLevels{{{
    {LogLevel::debug, "debug"},
    {LogLevel::info, "info"},
    {LogLevel::warning, "warning"},
    {LogLevel::error, "error"},
}}};

constexpr std::size_t kMaxDepth = 1'000;

Value text(std::string_view value) {
  return Value::string(value);
}

Value number(CallId id) {
  return Value::integer(static_cast<std::int64_t>(id));
}

std::string line(std::initializer_list<std::pair<std::string_view, Value>> members) {
  std::string line;
  auto message = Value::object(members);
  append_json(line, message);
  line += '\n';
  return line;
}

Error garbage(std::string_view what) {
  return {ErrorCode::invalid, std::string(what), ""};
}

std::string_view text_of(const Value* value) {
  return value && value->is_string() ? value->as_string() : std::string_view();
}

Result<Message> read_notification(const Value& message) {
  const auto method = text_of(message.find("method"));
  if (message.find("id")) return garbage("it asks something, which no plugin can");
  if (method != "log") return garbage(fmt::format("it notifies of '{}'", method));
  const auto* params = message.find("params");
  const auto* entry = params ? params->find("message") : nullptr;
  if (!entry || !entry->is_string()) return garbage("it logs no message");
  const auto* level = params->find("level");
  const auto known = level ? kLevels.value_of(text_of(level)) : LogLevel::info;
  if (!known) return garbage("it logs at no level that there is");
  return Message(LogEntry{*known, std::string(entry->as_string())});
}

Result<CallError> read_error(const Value& error) {
  const auto* code = error.find("code");
  const auto* message = error.find("message");
  if (!code || !code->is_integer() || !message || !message->is_string())
    return garbage("its error is no object with code and message");
  const auto* data = error.find("data");
  return CallError{code->as_integer(), std::string(message->as_string()), data ? *data : Value()};
}

Result<Message> read_answer(const Value& message) {
  const auto* id = message.find("id");
  if (!id || !id->is_integer() || id->as_integer() < 0)
    return garbage("it is neither the answer to a request nor a notification");
  Answer answer;
  answer.id = static_cast<CallId>(id->as_integer());
  const auto* result = message.find("result");
  const auto* error = message.find("error");
  if ((result != nullptr) == (error != nullptr))
    return garbage("an answer has either a result or an error");
  if (result) {
    answer.result = *result;
    return Message(std::move(answer));
  }
  auto read = read_error(*error);
  if (!read) return read.error();
  answer.error = std::move(*read);
  return Message(std::move(answer));
}

/// The parameters that a program says its endpoint takes, compared with those of the manifest.
Result<> check_parameters(const Endpoint& endpoint, const Value& told) {
  for (const auto& parameter : endpoint.parameters) {
    const auto* known = told.find(parameter.name);
    if (!known) {
      return garbage(fmt::format("its program does not know the parameter '{}' of '{}'",
                                 parameter.name, endpoint.id));
    }
    const auto* type = known->find("type");
    if (!type || text_of(type) == name_of(parameter.type()) || *type == notation(parameter.shape))
      continue;
    return garbage(
        fmt::format("the parameter '{}' of '{}' is of type {} in its manifest and of "
                    "another in its program",
                    parameter.name, endpoint.id, name_of(parameter.type())));
  }
  for (const auto& [name, parameter] : told.members()) {
    const auto* required = parameter.find("required");
    if (!required || *required != Value::boolean(true)) continue;
    const auto found = std::ranges::find(endpoint.parameters, name, &Parameter::name);
    if (found != endpoint.parameters.end() && (found->required || found->default_value)) continue;
    return garbage(
        fmt::format("its program needs the parameter '{}' of '{}', which its manifest "
                    "does not",
                    name, endpoint.id));
  }
  return {};
}

}  // namespace

std::string initialize_message(const Connector& plugin) {
  return line({{"jsonrpc", text("2.0")},
               {"id", number(kInitialize)},
               {"method", text("initialize")},
               {"params", Value::object({{"protocol", Value::integer(kProtocol)},
                                         {"plugin", text(plugin.name)},
                                         {"version", text(plugin.plugin->version)},
                                         {"daemon", text(version())}})}});
}

std::string call_message(CallId id, const Call& call) {
  const auto seconds = std::chrono::duration<double>(call.timeout).count();
  return line({{"jsonrpc", text("2.0")},
               {"id", number(id)},
               {"method", text("call")},
               {"params", Value::object({{"endpoint", text(call.endpoint)},
                                         {"with", call.with},
                                         {"credential", call.credential},
                                         {"idempotency_key", call.idempotency_key.empty()
                                                                 ? Value()
                                                                 : text(call.idempotency_key)},
                                         {"timeout", Value::number(seconds)}})}});
}

std::string cancel_message(CallId id) {
  return line({{"jsonrpc", text("2.0")},
               {"method", text("cancel")},
               {"params", Value::object({{"id", number(id)}})}});
}

std::string shutdown_message() {
  return line({{"jsonrpc", text("2.0")}, {"method", text("shutdown")}});
}

Result<Message> read_message(std::string_view line) {
  if (line.size() > kMaxMessageBytes) return garbage("it is longer than 10 MiB");
  const auto message = parse_json(line, {.depth = kMaxDepth, .bytes = kMaxMessageBytes});
  if (!message) return garbage("it is no JSON: " + message.error().message);
  if (text_of(message->find("jsonrpc")) != "2.0")
    return garbage("it is no message of JSON-RPC 2.0");
  return message->find("method") ? read_notification(*message) : read_answer(*message);
}

Result<> check_agreement(const Connector& plugin, const Value& initialized) {
  const auto* protocol = initialized.find("protocol");
  if (!protocol || *protocol != Value::integer(kProtocol)) {
    return garbage(fmt::format("its program speaks another protocol than {}: {}", kProtocol,
                               protocol ? to_json(*protocol) : "it does not say which"));
  }
  const auto* endpoints = initialized.find("endpoints");
  if (!endpoints || !endpoints->is_object())
    return garbage("its program does not say which endpoints it serves");
  for (const auto& endpoint : plugin.endpoints) {
    const auto* served = endpoints->find(endpoint.id);
    if (!served) {
      std::vector<std::string> known;
      for (const auto& member : endpoints->members()) known.emplace_back(member.name);
      return garbage(fmt::format("its program does not serve the endpoint '{}'{}", endpoint.id,
                                 did_you_mean(endpoint.id, known)));
    }
    const auto* told = served->find("parameters");
    if (!told || !told->is_object()) continue;
    if (auto agrees = check_parameters(endpoint, *told); !agrees) return agrees;
  }
  return {};
}

}  // namespace tba::plugins
