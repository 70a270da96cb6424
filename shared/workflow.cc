#include "shared/workflow.h"

#include <array>
#include <set>

namespace tba {
namespace {

constexpr std::array<std::string_view, 5> kKinds{"call", "http", "run", "set", "wait"};
static_assert(kKinds.size() == std::variant_size_v<Action>);

constexpr std::array<std::string_view, 3> kAnswerKeys{"status", "headers", "body"};
constexpr std::array<std::string_view, 4> kProgramKeys{"exit_code", "stdout", "stderr", "body"};
constexpr std::array<std::string_view, 1> kBodyKeys{"body"};
constexpr std::array<std::span<const std::string_view>, kKinds.size()> kKeysLeft{
    kAnswerKeys, kAnswerKeys, kProgramKeys, kBodyKeys, {}};

}  // namespace

std::string_view kind_of(const Step& step) {
  return kKinds[step.action.index()];
}

std::span<const std::string_view> keys_left_by(const Step& step) {
  const auto keys = kKeysLeft[step.action.index()];
  return keys.empty() && step.output ? kBodyKeys : keys;
}

std::string_view condition_hint(ValueType type) {
  switch (type) {
    case ValueType::any:
      return "give a default where it may be missing: .x // false";
    case ValueType::string:
      return "compare it with something: .x == \"yes\"";
    case ValueType::integer:
    case ValueType::number:
      return "compare it with something: .x > 0";
    case ValueType::array:
    case ValueType::object:
      return "say what about it is to decide: .x | length > 0";
    case ValueType::boolean:
      break;
  }
  return "";
}

std::vector<std::string> Workflow::connectors() const {
  std::set<std::string> names;
  for (const auto& trigger : triggers) {
    const auto* webhook = std::get_if<WebhookTrigger>(&trigger);
    if (webhook != nullptr && !webhook->connector.empty()) names.insert(webhook->connector);
  }
  for (const auto* list : {&steps, &on_failure}) {
    for (const auto& step : *list) {
      if (const auto* call = std::get_if<CallStep>(&step.action)) names.insert(call->connector);
    }
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> Workflow::credentials() const {
  std::set<std::string> names;
  for (const auto& trigger : triggers) {
    const auto* webhook = std::get_if<WebhookTrigger>(&trigger);
    if (webhook != nullptr && !webhook->credential.empty()) names.insert(webhook->credential);
  }
  for (const auto* list : {&steps, &on_failure}) {
    for (const auto& step : *list) {
      if (!step.credential.empty()) names.insert(step.credential);
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace tba
