#include "shared/workflow.h"

#include <algorithm>
#include <array>
#include <iterator>
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

using Mappings = std::vector<const expression::Mapping*>;

struct MappingsOf {
  Mappings operator()(const CallStep& call) const { return {&call.with}; }
  Mappings operator()(const HttpStep& http) const {
    return {&http.url, &http.query, &http.headers, &http.body};
  }
  Mappings operator()(const RunStep& run) const { return {&run.env}; }
  Mappings operator()(const SetStep& set) const { return {&set.values}; }
  Mappings operator()(const WaitStep& wait) const { return {&wait.duration}; }
};

Mappings mappings_of(const Action& action) {
  return std::visit(MappingsOf(), action);
}

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

std::vector<expression::Reference> Workflow::references() const {
  std::vector<expression::Reference> all;
  const auto add = [&all](const expression::Mapping& mapping) {
    std::ranges::move(mapping.references(), std::back_inserter(all));
  };
  const auto add_optional = [&](const std::optional<expression::Mapping>& mapping) {
    if (mapping) add(*mapping);
  };
  add(env);
  add_optional(output);
  for (const auto* list : {&steps, &on_failure}) {
    for (const auto& step : *list) {
      add_optional(step.condition);
      add_optional(step.output);
      for (const auto* mapping : mappings_of(step.action)) add(*mapping);
    }
  }
  return all;
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
