#include "shared/workflow_references.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "shared/key_table.h"
#include "shared/shape.h"
#include "shared/step_order.h"
#include "shared/suggestion.h"

namespace tba {
namespace {

using expression::Mapping;
using expression::Reference;
using expression::Root;
using Part = ExpressionPlace::Part;

Shape text() {
  return Shape::of(ValueType::string);
}

Shape error_shape() {
  return Shape::object({{"kind", text()}, {"message", text()}, {"step", text()}});
}

Shape event_shape() {
  return Shape::object({{"name", text()}, {"at", text()}, {"body", Shape()}});
}

/// What failed, as the `on` of a `retry` reads it.
Shape attempt_shape() {
  return Shape::object({{"number", Shape::of(ValueType::integer)},
                        {"status", Shape::of(ValueType::integer)},
                        {"headers", Shape::of(ValueType::object)},
                        {"body", Shape()},
                        {"exit_code", Shape::of(ValueType::integer)},
                        {"stdout", text()},
                        {"stderr", text()}});
}

/// What a loop leaves that gets its items page by page.
Shape count_shape() {
  return Shape::object({{"items", Shape::of(ValueType::integer)},
                        {"pages", Shape::of(ValueType::integer)},
                        {"complete", Shape::of(ValueType::boolean)}});
}

Shape run_shape() {
  return Shape::object({{"id", text()}, {"created_at", text()}, {"started_at", text()}});
}

/// The form of what a mapping gives. A part that is null may be one that could not be read.
Shape shape_of(const Mapping& mapping) {
  if (mapping.is_object()) {
    Shape::Fields fields;
    for (const auto& [name, part] : mapping.members()) fields.emplace_back(name, shape_of(part));
    return Shape::object(std::move(fields));
  }
  if (mapping.is_constant()) return shape_of(mapping.as_constant());
  return mapping.is_text() ? text() : Shape();
}

/// `.steps["get-it"].body`: a path from the context, up to that many keys.
std::string path_text(const Reference& reference, std::size_t depth) {
  auto path = fmt::format(".{}", name_of(reference.root));
  for (std::size_t i = 0; i < depth; ++i) {
    const auto& key = reference.keys[i];
    const bool is_plain = is_name(key) && key.find('-') == std::string::npos;
    path += is_plain ? "." + key : fmt::format("[\"{}\"]", key);
  }
  return path;
}

std::vector<std::string> names_of(const Shape::Fields& fields) {
  std::vector<std::string> names;
  for (const auto& field : fields) names.push_back(field.first);
  return names;
}

class ReferenceCheck {
 public:
  ReferenceCheck(const Workflow& workflow, std::span<const ContextUse> uses,
                 const WorkflowSurroundings& surroundings, Diagnostics& diagnostics)
      : workflow_(workflow),
        surroundings_(surroundings),
        diagnostics_(diagnostics),
        order_(workflow) {
    learn_trigger();
    for (const auto& use : uses) {
      if (use.reference.root == Root::trigger && use.reference.keys.empty()) {
        whole_contexts_.insert(use.where.place(use.reference.offset));
      }
    }
  }

  void check(const ContextUse& use) {
    if (is_whole_context(use)) return;
    switch (use.reference.root) {
      case Root::trigger:
        return check_trigger(use);
      case Root::inputs:
        return check_input(use);
      case Root::steps:
        return check_step(use);
      case Root::run:
        if (use.place.is_before_run()) return report_before_run(use);
        return check_path(use, run_shape(), 0, "the run");
      case Root::workflow:
        return check_path(use, Shape::object({{"name", text()}}), 0, "the workflow");
      case Root::env:
        return check_env(use);
      case Root::vars:
        return check_vars(use);
      case Root::item:
      case Root::index:
        if (use.place.part == Part::item) return;
        return check_loop(use);
      case Root::error:
        return check_error(use);
      case Root::event:
        if (use.place.part == Part::event_match)
          return check_path(use, event_shape(), 0, "the event");
        return report(use, ".event is there only in the `match` of a step that waits for one");
      case Root::attempt:
        if (use.place.part == Part::retry)
          return check_path(use, attempt_shape(), 0, "the attempt");
        return report(use, ".attempt is there only in the `on` of a `retry`");
    }
  }

 private:
  // --- what there is

  /// Once: the shape of a delivery is large, and most expressions read of one.
  void learn_trigger() {
    std::optional<Shape> payload;
    for (const auto& trigger : workflow_.triggers) {
      const auto* webhook = std::get_if<WebhookTrigger>(&trigger);
      const bool brings_anything = std::holds_alternative<PollTrigger>(trigger) ||
                                   std::holds_alternative<EventTrigger>(trigger);
      if (webhook == nullptr && !brings_anything) continue;
      auto brought = webhook != nullptr ? payload_of(*webhook) : Shape();
      payload = payload ? either(*payload, brought) : std::move(brought);
    }
    brings_payload_ = payload.has_value();
    trigger_ = trigger_shape(std::move(payload).value_or(Shape()));
  }

  Shape payload_of(const WebhookTrigger& webhook) const {
    const auto connector = find_connector(webhook.connector);
    return connector && connector->webhook ? connector->webhook->payload_of(webhook.event)
                                           : Shape();
  }

  std::shared_ptr<const Connector> find_connector(const std::string& name) const {
    return surroundings_.catalog != nullptr ? surroundings_.catalog->find(name) : nullptr;
  }

  static Shape trigger_shape(Shape payload) {
    const auto anything = Shape::of(ValueType::object);
    return Shape::object({{"kind", text()},
                          {"name", text()},
                          {"at", text()},
                          {"body", std::move(payload)},
                          {"headers", anything},
                          {"query", anything},
                          {"path", text()},
                          {"method", text()},
                          {"event", text()},
                          {"delivery_id", text()},
                          {"cursor", Shape()}});
  }

  /// What the expressions of a poll read as `.trigger`.
  static Shape poll_shape() {
    return Shape::object({{"kind", text()},
                          {"name", text()},
                          {"at", text()},
                          {"body", Shape()},
                          {"headers", Shape::of(ValueType::object)},
                          {"cursor", Shape()}});
  }

  /// The form of `.steps.<id>`. Where a failure is handled the answer may be one that tells of an
  /// error.
  Shape shape_of_step(const Step& step, bool after_failure) const {
    Shape::Fields fields{{"outcome", text()}, {"error", error_shape()}};
    for (const auto key : keys_left_by(step)) {
      auto shape = Shape();
      if (key == "status" || key == "exit_code") shape = Shape::of(ValueType::integer);
      if (key == "headers") shape = Shape::of(ValueType::object);
      if (key == "stdout" || key == "stderr") shape = text();
      if (key == "pages") shape = Shape::of(ValueType::integer);
      if (key == "complete") shape = Shape::of(ValueType::boolean);
      if (key == "body" && !after_failure) shape = body_of(step);
      fields.emplace_back(key, std::move(shape));
    }
    return Shape::object(std::move(fields));
  }

  Shape body_of(const Step& step) const {
    if (step.output) return shape_of(*step.output);
    if (const auto* set = std::get_if<SetStep>(&step.action)) return shape_of(set->values);
    if (const auto* parallel = std::get_if<ParallelStep>(&step.action)) {
      Shape::Fields branches;
      for (const auto& branch : parallel->branches)
        branches.emplace_back(branch.name, result_of(branch.steps));
      return Shape::object(std::move(branches));
    }
    if (const auto* loop = std::get_if<ForEachStep>(&step.action)) {
      if (loop->pages) return count_shape();
      auto results = Shape::of(ValueType::array);
      results.items = std::make_shared<const Shape>(result_of(loop->steps));
      return results;
    }
    return answer_of(step);
  }

  /// What a list of steps leaves: the body of the last one.
  Shape result_of(const std::vector<Step>& list) const {
    return list.empty() ? Shape() : body_of(list.back());
  }

  /// What the step itself leaves, whatever `output` makes of it.
  Shape answer_of(const Step& step) const {
    const auto* pages = std::get_if<PagesStep>(&step.action);
    const auto* call =
        std::get_if<CallStep>(pages != nullptr ? &pages->pages.call.front().action : &step.action);
    const auto connector = call != nullptr ? find_connector(call->connector) : nullptr;
    const auto* endpoint = connector ? connector->endpoint(call->endpoint) : nullptr;
    if (endpoint == nullptr) return Shape();
    if (pages == nullptr) return endpoint->response;
    const bool is_known = endpoint->response.type == ValueType::array && endpoint->pagination &&
                          !endpoint->pagination->items;
    return is_known ? endpoint->response : Shape::of(ValueType::array);
  }

  // --- what is read of it

  /// Whether the use is part of a use of `.` as a whole, which reads whatever there is.
  bool is_whole_context(const ContextUse& use) const {
    return use.reference.keys.empty() &&
           whole_contexts_.contains(use.where.place(use.reference.offset));
  }

  void report_before_run(const ContextUse& use) {
    report(use, fmt::format(".{} is not there before there is a run", root_name(use)));
  }

  void check_trigger(const ContextUse& use) {
    const auto& keys = use.reference.keys;
    // What a poll is answered, and what any other trigger brings, is another matter.
    if (use.place.part == Part::poll || use.place.part == Part::item) {
      return check_path(use, poll_shape(), 0, "the poll");
    }
    const bool is_sent =
        !keys.empty() && (keys[0] == "body" || keys[0] == "headers" || keys[0] == "query");
    if (is_sent && keys.size() > 1 && !brings_payload_ && !workflow_.triggers.empty()) {
      if (!use.reference.is_strict) return;
      return report_key(
          use, 1,
          fmt::format("'{}' is null, so it has no '{}'", path_text(use.reference, 1), keys[1]),
          "only a webhook, a poll or an event brings it, and none starts this workflow");
    }
    check_path(use, trigger_, 0, "the trigger");
  }

  void check_input(const ContextUse& use) {
    if (use.reference.keys.empty()) return;
    const auto& key = use.reference.keys.front();
    std::vector<std::string> known;
    for (const auto& input : workflow_.inputs) {
      if (input.name == key) return check_path(use, Shape::of(input.type), 1);
      known.push_back(input.name);
    }
    report_key(use, 0, fmt::format("there is no input '{}'{}", key, did_you_mean(key, known)),
               "declare it in `inputs:`");
  }

  void check_env(const ContextUse& use) {
    if (use.place.is_before_run()) return report_before_run(use);
    if (use.place.part == Part::env) return report(use, "`env:` cannot read .env");
    const auto shape = workflow_.env.is_object() ? shape_of(workflow_.env) : Shape::object({});
    check_declared(use, shape, "the workflow's env has no", "declare it in the workflow's `env:`");
  }

  void check_loop(const ContextUse& use) {
    if (use.place.step < 0 || !order_.is_in_loop(use.place.step)) {
      return report(use,
                    fmt::format(".{} is there only in the steps of a for_each", root_name(use)));
    }
    if (use.reference.root == Root::index)
      check_path(use, Shape::of(ValueType::integer), 0, "the index");
  }

  void check_error(const ContextUse& use) {
    const auto phase = use.place.step < 0 ? RunPhase::steps : order_.phase_of(use.place.step);
    if (phase == RunPhase::on_failure || phase == RunPhase::finally ||
        use.place.part == Part::retry) {
      return check_path(use, error_shape(), 0, "the error");
    }
    report(use, ".error is there only in on_failure, in finally and in the `on` of a `retry`");
  }

  void check_vars(const ContextUse& use) {
    if (surroundings_.vars == nullptr || !use.reference.is_strict) return;
    check_declared(use, tba::shape_of(*surroundings_.vars), "the configuration has no var",
                   "declare it in `vars:` of config.yaml");
  }

  void check_declared(const ContextUse& use, const Shape& shape, std::string_view missing,
                      std::string hint) {
    if (use.reference.keys.empty()) return;
    const auto& key = use.reference.keys.front();
    if (shape.field(key) != nullptr) return check_path(use, shape, 0);
    report_key(use, 0,
               fmt::format("{} '{}'{}", missing, key, did_you_mean(key, names_of(shape.fields))),
               std::move(hint));
  }

  void check_step(const ContextUse& use) {
    if (use.place.is_before_run()) return report_before_run(use);
    if (use.place.part == Part::env) return report(use, "`env:` is read before the first step");
    if (use.place.part == Part::retry && use.place.step < 0) {
      return report(use, "the `retry` of all steps cannot read what one of them leaves",
                    "give the step a `retry` of its own, or read .attempt");
    }
    const auto& keys = use.reference.keys;
    if (keys.empty()) return;
    const auto* step = order_.find(keys[0]);
    if (step == nullptr) return report_unknown_step(use, keys[0]);
    const auto missing = why_unreadable(use.place, *step);
    if (!missing.empty()) return report_key(use, 0, fmt::format("step '{}' {}", keys[0], missing));
    if (reads_text_as_data(use, *step)) {
      if (!use.reference.is_strict) return;
      return report_key(
          use, 2,
          fmt::format("'{}' is null, so it has no '{}'", path_text(use.reference, 2), keys[2]),
          "give the step `format: json` if its program prints JSON");
    }
    check_path(use, shape_at(use.place, *step), 1, fmt::format("step '{}'", keys[0]));
  }

  std::string why_unreadable(ExpressionPlace place, const Step& step) const {
    if (place.step < 0) return order_.why_unreadable_at_end(step);
    const auto& reader = order_.at(place.step);
    return order_.why_unreadable(reader, place.part == Part::step_output, step);
  }

  /// Whether that is the body of a program whose output is kept as text.
  static bool reads_text_as_data(const ContextUse& use, const Step& step) {
    const auto* run = std::get_if<RunStep>(&step.action);
    const auto& keys = use.reference.keys;
    return run != nullptr && !run->json_output && !step.output && keys.size() > 2 &&
           keys[1] == "body";
  }

  /// The form of what the step leaves, where it is read.
  Shape shape_at(ExpressionPlace place, const Step& step) const {
    if (place.step < 0) return shape_of_step(step, false);
    auto shape = shape_of_step(step, order_.may_be_missing(order_.at(place.step), step));
    if (place.step != step.number) return shape;
    for (auto& [name, field] : shape.fields) {
      if (name == "body") field = answer_of(step);
    }
    return shape;
  }

  void report_unknown_step(const ContextUse& use, const std::string& id) {
    std::vector<std::string> known;
    std::string hint;
    for (const auto* step : workflow_.all_steps()) {
      known.push_back(step->id);
      if (step->id.starts_with(id + "-")) {
        hint = fmt::format("'-' is minus here: write .steps[\"{}\"]", step->id);
      }
    }
    report_key(use, 0, fmt::format("there is no step '{}'{}", id, did_you_mean(id, known)),
               std::move(hint));
  }

  /// Follows the path through the shape, which is that of its first `depth` keys, and reports the
  /// first key that is not there. `what` is what messages call the shape's own value; its path if
  /// nothing is given.
  void check_path(const ContextUse& use, const Shape& shape, std::size_t depth,
                  std::string what = {}) {
    const auto* at = &shape;
    for (const auto& keys = use.reference.keys; depth < keys.size(); ++depth, what.clear()) {
      if (at->type == ValueType::any || may_be_missing(use, depth)) return;
      if (what.empty()) what = fmt::format("'{}'", path_text(use.reference, depth));
      if (at->type != ValueType::object) return report_no_object(use, depth, *at, what);
      const auto* field = at->field(keys[depth]);
      if (field == nullptr && !check_other_field(use, depth, *at, what)) return;
      at = field != nullptr ? field : at->others.get();
    }
    check_shape(use, *at);
  }

  void check_shape(const ContextUse& use, const Shape& shape) {
    const auto found = conflict(shape, use.wanted);
    if (!found) return;
    const auto& [inside, given, wanted] = *found;
    const auto path = path_text(use.reference, use.reference.keys.size());
    if (!inside.empty()) {
      return report(use, fmt::format("{} must have {} at '{}'; that of '{}' is {}", use.purpose,
                                     with_article(wanted), inside, path, with_article(given)));
    }
    const bool is_condition = wanted == ValueType::boolean;
    report(use,
           fmt::format("{} must be {}; '{}' is {}", use.purpose,
                       is_condition ? "true or false" : with_article(wanted), path,
                       with_article(given)),
           std::string(is_condition ? condition_hint(given) : conversion_hint(given, wanted)));
  }

  static std::string_view conversion_hint(ValueType type, ValueType wanted) {
    const bool is_scalar = type != ValueType::array && type != ValueType::object;
    if (wanted == ValueType::string) return is_scalar ? "| tostring" : "| tojson";
    if (type == ValueType::string && wanted != ValueType::array) return "| fromjson";
    return wanted == ValueType::array ? "[.x]" : "";
  }

  /// Whether the file says of that key that it may be missing. Those that the engine itself makes
  /// are there or are not, whatever it says.
  static bool may_be_missing(const ContextUse& use, std::size_t depth) {
    const std::size_t of_engine = use.reference.root == Root::steps ? 2 : 1;
    return !use.reference.is_strict && depth >= of_engine;
  }

  void report_no_object(const ContextUse& use, std::size_t depth, const Shape& shape,
                        const std::string& what) {
    report_key(use, depth,
               fmt::format("{} is {}, so it has no '{}'", what, with_article(shape.type),
                           use.reference.keys[depth]),
               shape.type == ValueType::array ? "take an item of it, [0], or each: [] | .x" : "");
  }

  /// Whether a field that is not among those known may be there all the same.
  bool check_other_field(const ContextUse& use, std::size_t depth, const Shape& shape,
                         const std::string& what) {
    const auto& key = use.reference.keys[depth];
    if (!shape.others) {
      auto missing = unknown_member(shape, key);
      report_key(use, depth, fmt::format("{} {}", what, missing.problem), std::move(missing.hint));
      return false;
    }
    if (const auto suggestion = slip_of(key, names_of(shape.fields)); !suggestion.empty()) {
      const auto span = span_of(use, depth);
      diagnostics_.warning(use.where, span.offset, span.length,
                           fmt::format("{} is not known to have '{}'{}", what, key, suggestion));
    }
    return true;
  }

  static std::string_view root_name(const ContextUse& use) { return name_of(use.reference.root); }

  /// Where that key of the path stands.
  static Reference::Span span_of(const ContextUse& use, std::size_t depth) {
    const auto& spans = use.reference.key_spans;
    return depth < spans.size() ? spans[depth]
                                : Reference::Span{use.reference.offset, use.reference.length};
  }

  void report(const ContextUse& use, std::string message, std::string hint = {}) {
    diagnostics_.error(use.where, use.reference.offset, use.reference.length, std::move(message),
                       std::move(hint));
  }

  /// About the key at that depth of the path.
  void report_key(const ContextUse& use, std::size_t depth, std::string message,
                  std::string hint = {}) {
    const auto span = span_of(use, depth);
    diagnostics_.error(use.where, span.offset, span.length, std::move(message), std::move(hint));
  }

  const Workflow& workflow_;
  const WorkflowSurroundings& surroundings_;
  Diagnostics& diagnostics_;
  StepOrder order_;
  bool brings_payload_ = false;  // whether any trigger has a `.trigger.body`
  Shape trigger_;                // what `.trigger` may be
  std::set<std::string> whole_contexts_;
};

}  // namespace

void check_references(const Workflow& workflow, std::span<const ContextUse> uses,
                      const WorkflowSurroundings& surroundings, Diagnostics& diagnostics) {
  ReferenceCheck check(workflow, uses, surroundings, diagnostics);
  for (const auto& use : uses) check.check(use);
}

}  // namespace tba
