#include "shared/workflow.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

namespace tba {
namespace {

constexpr std::array<std::string_view, 3> kAnswerKeys{"status", "headers", "body"};
constexpr std::array<std::string_view, 4> kProgramKeys{"exit_code", "stdout", "stderr", "body"};
constexpr std::array<std::string_view, 1> kBodyKeys{"body"};
constexpr std::array<std::string_view, 3> kPagesKeys{"body", "pages", "complete"};

/// What there is to say of each kind of step, in the order of Action.
struct KindOfStep {
  std::string_view name;
  std::span<const std::string_view> keys_left;
};
constexpr std::array<KindOfStep, std::variant_size_v<Action>> kKinds{{
    {"call", kAnswerKeys},
    {"http", kAnswerKeys},
    {"run", kProgramKeys},
    {"set", kBodyKeys},
    {"wait", kBodyKeys},
    {"workflow", kBodyKeys},
    {"parallel", kBodyKeys},
    {"for_each", kBodyKeys},
    {"choose", kBodyKeys},
    {"notify", kAnswerKeys},
    {"fail", {}},
    {"call", kPagesKeys},
}};

using Mappings = std::vector<const expression::Mapping*>;

Mappings mappings_of(const Step& step);

struct MappingsOf {
  Mappings operator()(const CallStep& call) const { return {&call.with}; }
  Mappings operator()(const HttpStep& http) const {
    return {&http.url, &http.query, &http.headers, &http.body};
  }
  Mappings operator()(const RunStep& run) const { return {&run.env}; }
  Mappings operator()(const SetStep& set) const { return {&set.values}; }
  Mappings operator()(const WaitStep& wait) const {
    return wait.match ? Mappings{&wait.subject, &*wait.match} : Mappings{&wait.subject};
  }
  Mappings operator()(const WorkflowStep& workflow) const { return {&workflow.with}; }
  Mappings operator()(const ParallelStep&) const { return {}; }
  Mappings operator()(const ForEachStep& loop) const {
    return loop.pages ? mappings_of(loop.pages->call.front()) : Mappings{&loop.items};
  }
  Mappings operator()(const ChooseStep& choose) const {
    Mappings conditions;
    for (const auto& branch : choose.branches) {
      if (branch.when) conditions.push_back(&*branch.when);
    }
    return conditions;
  }
  Mappings operator()(const NotifyStep& notify) const { return {&notify.with}; }
  Mappings operator()(const FailStep& fail) const { return {&fail.message}; }
  Mappings operator()(const PagesStep& step) const { return mappings_of(step.pages.call.front()); }
};

/// Every mapping of the step itself.
Mappings mappings_of(const Step& step) {
  auto mappings = step.condition ? Mappings{&*step.condition} : Mappings();
  std::ranges::move(std::visit(MappingsOf(), step.action), std::back_inserter(mappings));
  if (step.output) mappings.push_back(&*step.output);
  if (step.cache) mappings.push_back(&step.cache->key);
  if (step.retry) {
    for (const auto& expression : step.retry->on_expressions) mappings.push_back(&expression);
  }
  return mappings;
}

void append_steps(const std::vector<Step>& list, std::vector<const Step*>& all) {
  for (const auto& step : list) {
    all.push_back(&step);
    for (const auto* held : lists_of(step)) append_steps(*held, all);
  }
}

}  // namespace

std::string_view kind_of(const Step& step) {
  return kKinds[step.action.index()].name;
}

std::span<const std::string_view> keys_left_by(const Step& step) {
  auto keys = kKinds[step.action.index()].keys_left;
  if (const auto* wait = std::get_if<WaitStep>(&step.action);
      wait != nullptr && wait->is_for_time())
    keys = {};
  return keys.empty() && step.output ? kBodyKeys : keys;
}

bool is_graph(const std::vector<Step>& list) {
  return std::ranges::any_of(list, [](const Step& step) { return !step.needs.empty(); });
}

std::vector<const std::vector<Step>*> lists_of(const Step& step) {
  std::vector<const std::vector<Step>*> lists;
  if (const auto* parallel = std::get_if<ParallelStep>(&step.action)) {
    for (const auto& branch : parallel->branches) lists.push_back(&branch.steps);
  } else if (const auto* loop = std::get_if<ForEachStep>(&step.action)) {
    lists.push_back(&loop->steps);
  } else if (const auto* choose = std::get_if<ChooseStep>(&step.action)) {
    for (const auto& branch : choose->branches) lists.push_back(&branch.steps);
  }
  return lists;
}

const Pages* pages_of(const Step& step) {
  if (const auto* all = std::get_if<PagesStep>(&step.action)) return &all->pages;
  const auto* loop = std::get_if<ForEachStep>(&step.action);
  return loop != nullptr && loop->pages ? &*loop->pages : nullptr;
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

const std::vector<Step>& Workflow::list_of(RunPhase phase) const {
  switch (phase) {
    case RunPhase::steps:
      break;
    case RunPhase::on_success:
      return on_success;
    case RunPhase::on_failure:
      return on_failure;
    case RunPhase::finally:
      return finally;
  }
  return steps;
}

std::vector<const Step*> Workflow::all_steps() const {
  std::vector<const Step*> all;
  for (const auto* list : {&steps, &on_failure, &on_success, &finally}) append_steps(*list, all);
  return all;
}

std::vector<expression::Reference> Workflow::references() const {
  std::vector<expression::Reference> all;
  const auto add = [&all](const expression::Mapping& mapping) {
    std::ranges::move(mapping.references(), std::back_inserter(all));
  };
  add(env);
  if (output) add(*output);
  for (const auto* step : all_steps()) {
    for (const auto* mapping : mappings_of(*step)) add(*mapping);
  }
  return all;
}

std::vector<std::string> Workflow::connectors() const {
  std::set<std::string> names;
  for (const auto& trigger : triggers) {
    const auto* webhook = std::get_if<WebhookTrigger>(&trigger);
    if (webhook != nullptr && !webhook->connector.empty()) names.insert(webhook->connector);
    if (const auto* poll = std::get_if<PollTrigger>(&trigger)) names.insert(poll->connector);
  }
  for (const auto* step : all_steps()) {
    if (const auto* pages = pages_of(*step)) step = &pages->call.front();
    if (const auto* call = std::get_if<CallStep>(&step->action)) names.insert(call->connector);
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> Workflow::credentials() const {
  std::set<std::string> names;
  for (const auto& each : outside_names) {
    if (each.is_credential()) names.insert(each.name);
  }
  return {names.begin(), names.end()};
}

}  // namespace tba
