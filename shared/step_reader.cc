#include "shared/step_reader.h"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "shared/action_reader.h"
#include "shared/condition_reader.h"
#include "shared/connector_catalog.h"
#include "shared/pages_reader.h"
#include "shared/suggestion.h"
#include "shared/workflow_keys.h"

namespace tba {

using expression::Mapping;
using Part = ExpressionPlace::Part;
using namespace std::string_view_literals;

namespace {

// Keys that go with some kinds of steps only.
struct Belonging {
  std::string_view key;
  std::span<const std::string_view> kinds;
};
constexpr std::array kWithKinds{"call"sv, "workflow"sv, "notify"sv};
constexpr std::array kRequestKinds{"call"sv, "http"sv};
constexpr std::array kProgramKinds{"run"sv};
constexpr std::array kActingKinds{"call"sv, "http"sv, "run"sv, "notify"sv};
constexpr std::array kLoopKinds{"for_each"sv};
constexpr std::array kCallKinds{"call"sv};
constexpr std::array kLastingKinds{"call"sv,     "http"sv,     "run"sv,    "wait"sv,  "workflow"sv,
                                   "parallel"sv, "for_each"sv, "choose"sv, "notify"sv};
constexpr std::array<Belonging, 12> kBelongings{{
    {"with", kWithKinds},
    {"credential", kRequestKinds},
    {"paginate", kCallKinds},
    {"env", kProgramKinds},
    {"shell", kProgramKinds},
    {"format", kProgramKinds},
    {"retry", kActingKinds},
    {"effect", kActingKinds},
    {"cache", kActingKinds},
    {"steps", kLoopKinds},
    {"max_parallel", kLoopKinds},
    {"timeout", kLastingKinds},
}};

// Follows what the steps of a graph need, until one needs itself.
class CycleSearch {
 public:
  explicit CycleSearch(const std::vector<Step>& list) : list_(list) {}

  // The steps of a circle, the first of them at the end again; empty where there is none.
  std::vector<std::string> circle() {
    for (const auto& step : list_) {
      if (visit(step)) {
        const auto begin = std::ranges::find(path_, path_.back());
        return {begin, path_.end()};
      }
    }
    return {};
  }

 private:
  // No deeper than the list is long.
  bool visit(const Step& step) {
    const bool closes = std::ranges::find(path_, step.id) != path_.end();
    path_.push_back(step.id);
    if (closes) return true;
    if (done_.insert(step.id).second) {
      for (const auto& id : step.needs) {
        const auto needed = std::ranges::find(list_, id, &Step::id);
        if (needed != list_.end() && visit(*needed)) return true;
      }
    }
    path_.pop_back();
    return false;
  }

  const std::vector<Step>& list_;
  std::vector<std::string> path_;
  std::set<std::string> done_;
};

}  // namespace

std::optional<std::chrono::milliseconds> read_timeout(const Fields& fields) {
  const auto timeout = fields.duration("timeout");
  if (timeout == std::chrono::milliseconds(0)) {
    fields.find("timeout")->error(fields.diagnostics(), "a timeout must be longer than 0s",
                                  "leave it out if there is to be none");
  }
  return timeout;
}

std::vector<Step> StepReader::read(const Fields& fields, std::string_view key,
                                   std::string_view ids) {
  return read_list(fields.tables(key), std::string(ids));
}

std::vector<Step> StepReader::read_list(const std::vector<const yaml::Node*>& nodes,
                                        const std::string& ids) {
  std::vector<Step> steps;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    steps.push_back(read_step(*nodes[i], fmt::format("{}-{}", ids, i + 1)));
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) check_needs(*nodes[i], steps[i], steps);
  check_circle(nodes, steps);
  return steps;
}

Step StepReader::read_step(const yaml::Node& node, std::string default_id) {
  const Fields fields(node, kStepTable, diagnostics());
  Step step;
  step.number = next_number_++;
  const ExpressionPlace place{Part::step, step.number};
  step.id = fields.text("id", default_id);
  step.title = fields.text("name");
  step.credential = fields.text("credential");
  step.timeout = read_timeout(fields);
  step.effect = effect_named(fields.text("effect"));
  step.needs = fields.texts("needs");
  step.continue_on_error = fields.boolean("continue_on_error", false);
  step.retry = retry_;
  if (const auto* retry = fields.find("retry"))
    step.retry = read_step_retry(*retry, {Part::retry, step.number}, reading_);
  if (const auto* condition = fields.find("if"))
    step.condition = read_condition(*condition, "if", place, reading_);
  if (const auto* cache = fields.find("cache")) step.cache = read_cache(*cache, place);
  remember(fields, step);
  step.action = read_held(fields, step, place);
  if (fields.find("credential") != nullptr) note_credential(fields, step);
  if (const auto* output = fields.find("output"))
    step.output = reading_.read_data(*output, {Part::step_output, step.number});
  check_belongings(fields);
  check_effect(fields, step);
  gather_pages(fields, step);
  return step;
}

/// A step whose call is for pages becomes one that asks for each of them on its terms.
void StepReader::gather_pages(const Fields& fields, Step& step) {
  const auto* paginate = fields.find("paginate");
  const bool is_wanted = paginate != nullptr && fields.boolean("paginate", true);
  if (!is_wanted || !std::holds_alternative<CallStep>(step.action)) return;
  if (step.cache) {
    fields.key("cache")->error(diagnostics(), "'cache' does not go with 'paginate'",
                               "call for one page, or cache what is made of the items");
  }
  Step call;
  call.number = step.number;
  call.id = step.id + std::string(kPageSuffix);
  call.action = std::move(step.action);
  call.credential = std::exchange(step.credential, {});
  call.retry = std::exchange(step.retry, {});
  call.timeout = std::exchange(step.timeout, {});
  call.effect = std::exchange(step.effect, {});
  step.action = PagesStep{make_pages(std::move(call), read_page_caps(*paginate, diagnostics()),
                                     *fields.key("paginate"), reading_)};
}

void StepReader::note_credential(const Fields& fields, const Step& step) {
  using Kind = OutsideName::Kind;
  const auto& node = *fields.find("credential");
  if (const auto* call = std::get_if<CallStep>(&step.action)) {
    reading_.note({.kind = Kind::call_credential,
                   .name = node.text,
                   .connector = call->connector,
                   .where = node.where});
  } else if (std::holds_alternative<HttpStep>(step.action)) {
    reading_.note({.kind = Kind::request_credential,
                   .name = node.text,
                   .url = known_url(*fields.find("http")),
                   .where = node.where});
  }
}

// What the step does; what it holds is read here, so that ids stay unique.
Action StepReader::read_held(const Fields& fields, const Step& step, ExpressionPlace place) {
  const auto kind = fields.chosen();
  const auto* node = fields.find(kind);
  if (node == nullptr) return SetStep{};
  struct Reader {
    std::string_view kind;
    Action (StepReader::*read)(const Fields&, const yaml::Node&, const Step&, ExpressionPlace);
  };
  static constexpr std::array<Reader, 3> kReaders{{
      {"parallel", &StepReader::read_parallel},
      {"for_each", &StepReader::read_for_each},
      {"choose", &StepReader::read_choose},
  }};
  const auto reader = std::ranges::find(kReaders, kind, &Reader::kind);
  if (reader == kReaders.end()) return read_action(fields, place, reading_);
  if (depth_ == kDeepestNesting) {
    fields.key(kind)->error(diagnostics(),
                            fmt::format("steps are nested more than {} deep", kDeepestNesting),
                            "put what is inside into a workflow of its own");
    return SetStep{};
  }
  ++depth_;
  auto action = (this->*reader->read)(fields, *node, step, place);
  --depth_;
  return action;
}

Action StepReader::read_parallel(const Fields& fields, const yaml::Node& node, const Step& step,
                                 ExpressionPlace) {
  ParallelStep parallel;
  for (const auto& [name, list] : node.members) {
    std::vector<const yaml::Node*> nodes;
    for (const auto& item : list->items) nodes.push_back(item.get());
    if (nodes.empty()) list->error(diagnostics(), "a branch needs at least one step");
    parallel.branches.push_back({name->text, read_list(nodes, step.id + "-" + name->text)});
  }
  if (parallel.branches.empty()) {
    fields.key("parallel")
        ->error(diagnostics(), "'parallel' needs at least one branch",
                "a name, and the list of its steps");
  }
  return parallel;
}

Action StepReader::read_for_each(const Fields& fields, const yaml::Node& node, const Step& step,
                                 ExpressionPlace place) {
  ForEachStep loop;
  if (node.kind == yaml::Node::Kind::mapping) {
    loop.pages = read_pages(node, step, place);
  } else {
    loop.items = reading_.read_data(node, place);
  }
  loop.max_parallel = static_cast<std::size_t>(fields.integer("max_parallel", 1));
  const bool is_known =
      !loop.pages && loop.items.is_constant() && node.text.find("${{") == std::string::npos;
  if (is_known && !loop.items.as_constant().is_array()) {
    node.error(diagnostics(), "'for_each' needs a list, or an expression that gives an array");
  }
  if (fields.tables("steps").empty() && fields.has("steps") == (fields.find("steps") != nullptr)) {
    fields.key("for_each")
        ->error(diagnostics(), "'for_each' needs `steps:` that it does with each item");
  }
  loop.steps = read_list(fields.tables("steps"), step.id);
  return loop;
}

// The call of a list whose items come page by page.
Pages StepReader::read_pages(const yaml::Node& node, const Step& step, ExpressionPlace place) {
  const Fields fields(node, kPagesTable, diagnostics());
  Step call;
  call.number = step.number;
  call.id = step.id + std::string(kPageSuffix);
  call.credential = fields.text("credential");
  call.timeout = read_timeout(fields);
  call.effect = effect_named(fields.text("effect"));
  call.retry = retry_;
  if (const auto* retry = fields.find("retry"))
    call.retry = read_step_retry(*retry, {Part::retry, step.number}, reading_);
  call.action = CallStep{};
  if (fields.find("call") != nullptr) call.action = read_action(fields, place, reading_);
  if (fields.find("credential") != nullptr) note_credential(fields, call);
  check_effect(fields, call);
  PageCaps caps;
  if (const auto* paginate = fields.find("paginate")) {
    caps = read_page_caps(*paginate, diagnostics());
    if (!fields.boolean("paginate", true)) {
      paginate->error(diagnostics(), "'for_each' over a call asks for its pages",
                      "leave `paginate` out, or say how much of the list is wanted");
    }
  }
  const auto* target = fields.find("call");
  return make_pages(std::move(call), caps, target != nullptr ? *target : node, reading_);
}

Action StepReader::read_choose(const Fields& fields, const yaml::Node& node, const Step& step,
                               ExpressionPlace place) {
  ChooseStep choose;
  const auto& table = *kStepTable.find("choose")->table;
  for (const auto& item : node.items) {
    const Fields branch(*item, table, diagnostics());
    if (!choose.branches.empty() && !choose.branches.back().when) {
      item->error(diagnostics(), "nothing can be chosen behind 'else'", "put 'else' last");
    }
    choose.branches.push_back(read_choice(branch, step, choose.branches.size() + 1, place));
  }
  if (choose.branches.empty())
    fields.key("choose")->error(diagnostics(), "'choose' needs at least one `when`");
  return choose;
}

ChooseBranch StepReader::read_choice(const Fields& fields, const Step& step, std::size_t number,
                                     ExpressionPlace place) {
  ChooseBranch branch;
  if (const auto* when = fields.find("when")) {
    branch.when = read_condition(*when, "when", place, reading_);
  } else if (fields.has("when")) {
    branch.when = Mapping();  // that is wrong, and no 'else' for it
  }
  const std::string_view list = fields.chosen() == "else" ? "else" : "steps";
  if (list == "else" && fields.has("steps")) {
    fields.key("steps")->error(diagnostics(), "'else' has its steps itself", "write `else: [ … ]`");
  }
  if (fields.chosen() == "when" && !fields.has("steps")) {
    fields.node().error(diagnostics(), "'when' needs `steps:` that it decides about");
  }
  branch.steps =
      read_list(fields.tables(list),
                list == "else" ? step.id + "-else" : fmt::format("{}-{}", step.id, number));
  return branch;
}

StepCache StepReader::read_cache(const yaml::Node& node, ExpressionPlace place) {
  const Fields fields(node, *kStepTable.find("cache")->table, diagnostics());
  StepCache cache;
  if (const auto* key = fields.find("key")) cache.key = reading_.read_data(*key, place);
  cache.lifetime = fields.duration("for").value_or(cache.lifetime);
  return cache;
}

void StepReader::check_needs(const yaml::Node& node, const Step& step,
                             const std::vector<Step>& list) {
  const auto* needs = node.find("needs");
  if (needs == nullptr) return;
  const auto check = [&](const yaml::Node& each) {
    if (std::ranges::find(list, each.text, &Step::id) != list.end()) return;
    std::vector<std::string> known;
    for (const auto& other : list) {
      if (other.id != step.id) known.push_back(other.id);
    }
    each.error(diagnostics(),
               fmt::format("there is no step '{}' in this list{}", each.text,
                           did_you_mean(each.text, known)),
               known.empty() ? "" : "there are: " + listed(known));
  };
  if (needs->kind == yaml::Node::Kind::scalar) check(*needs);
  for (const auto& item : needs->items) check(*item);
}

void StepReader::check_circle(const std::vector<const yaml::Node*>& nodes,
                              const std::vector<Step>& list) {
  const auto circle = CycleSearch(list).circle();
  if (circle.empty()) return;
  std::string path;
  for (const auto& id : circle) path += (path.empty() ? "" : " → ") + id;
  const auto at = std::ranges::find(list, circle.front(), &Step::id) - list.begin();
  nodes[static_cast<std::size_t>(at)]->find("needs")->error(
      diagnostics(), circle.size() == 2 ? "a step cannot need itself"
                                        : fmt::format("these steps need each other: {}", path));
}

// Which keys go with which kinds of steps.
void StepReader::check_belongings(const Fields& fields) {
  if (fields.chosen().empty()) return;
  for (const auto& [key, kinds] : kBelongings) {
    if (!fields.has(key) || std::ranges::find(kinds, fields.chosen()) != kinds.end()) continue;
    fields.key(key)->error(diagnostics(),
                           fmt::format("'{}' does not go with '{}'", key, fields.chosen()));
  }
}

// To repeat with the same key needs somebody who takes a key.
void StepReader::check_effect(const Fields& fields, const Step& step) {
  if (step.effect != Effect::keyed) return;
  const auto* effect = fields.find("effect");
  if (std::holds_alternative<RunStep>(step.action)) {
    effect->error(diagnostics(), "a program takes no idempotency key",
                  "`once`, or `repeat` where it may be done twice");
  }
  const auto* call = std::get_if<CallStep>(&step.action);
  const auto connector = call != nullptr && reading_.catalog() != nullptr
                             ? reading_.catalog()->find(call->connector)
                             : nullptr;
  if (connector && connector->plugin && !connector->takes_keys(call->endpoint)) {
    effect->error(diagnostics(),
                  fmt::format("plugin '{}' does not say that {} knows idempotency keys again",
                              call->connector, call->endpoint),
                  "`once`, or `repeat` where it may be done twice");
  } else if (connector && connector->sends_mail) {
    effect->error(diagnostics(), "a mail server knows no idempotency keys",
                  "`once`, or `repeat` where a message may arrive twice");
  } else if (connector && !connector->takes_keys(call->endpoint)) {
    effect->error(
        diagnostics(),
        fmt::format("connector '{}' names no header for idempotency keys", call->connector),
        "`once`, or `repeat` where it may be done twice; or give the connector its "
        "`idempotency`");
  }
}

void StepReader::remember(const Fields& fields, const Step& step) {
  const auto* id = fields.find("id");
  const auto [earlier, is_new] = ids_.emplace(step.id, id);
  if (is_new) return;
  if (id == nullptr) id = earlier->second;
  id->error(diagnostics(), fmt::format("there are two steps '{}'", step.id));
}

}  // namespace tba
