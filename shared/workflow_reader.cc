#include "shared/workflow_reader.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "shared/connector_keys.h"
#include "shared/duration.h"
#include "shared/expression/output_kinds.h"
#include "shared/key_table.h"
#include "shared/mapping_reader.h"
#include "shared/suggestion.h"
#include "shared/workflow_keys.h"
#include "shared/workflow_references.h"
#include "shared/yaml_reader.h"

namespace tba {
namespace {

using expression::Mapping;
using expression::Reference;
using Part = ExpressionPlace::Part;
using Kind = yaml::Node::Kind;

std::string quoted_names(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// What all values of these kinds have in common; `any` stands for null.
std::optional<ValueType> only_type(expression::Kinds kinds) {
  static constexpr std::array<std::pair<Value::Kind, ValueType>, 5> kTypes{{
      {Value::Kind::null, ValueType::any},
      {Value::Kind::number, ValueType::number},
      {Value::Kind::string, ValueType::string},
      {Value::Kind::array, ValueType::array},
      {Value::Kind::object, ValueType::object},
  }};
  for (const auto& [kind, type] : kTypes) {
    if (kinds.is_only(kind)) return type;
  }
  // No output at all gives null.
  return kinds.is_empty() ? std::optional(ValueType::any) : std::nullopt;
}

class WorkflowReader {
 public:
  WorkflowReader(const WorkflowSurroundings& surroundings, Diagnostics& diagnostics)
      : surroundings_(surroundings), catalog_(surroundings.catalog), diagnostics_(diagnostics) {}

  Workflow read(const yaml::Node& root, const std::string& path) {
    const Fields fields(root, kWorkflowTable, diagnostics_);
    workflow_.path = path;
    workflow_.name = read_name(fields, path);
    workflow_.description = fields.text("description");
    workflow_.timeout = read_timeout(fields);
    read_inputs(fields);
    read_triggers(fields);
    workflow_.env = read_env(fields);
    if (const auto* retry = fields.find("retry")) retry_ = read_retry(*retry, diagnostics_);
    read_steps(fields, "steps", Part::step, workflow_.steps);
    read_steps(fields, "on_failure", Part::failure_step, workflow_.on_failure);
    if (const auto* steps = fields.find("steps"); steps != nullptr && steps->items.empty()) {
      fields.key("steps")->error(diagnostics_, "a workflow needs at least one step");
    }
    if (const auto* output = fields.find("output")) {
      workflow_.output = read_data(*output, {Part::output});
    }
    if (surroundings_.check_references) {
      check_references(workflow_, uses_, surroundings_, diagnostics_);
    }
    return std::move(workflow_);
  }

 private:
  // --- the workflow's own keys

  std::string read_name(const Fields& fields, const std::string& path) {
    if (fields.has("name")) return fields.text("name");
    auto stem = std::filesystem::path(path).stem().string();
    if (!is_name(stem)) {
      fields.node().error(
          diagnostics_, fmt::format("the file's name, '{}', cannot name the workflow", stem),
          "give the workflow a `name`: a letter, then letters, digits, '_' and '-'");
    }
    return stem;
  }

  std::optional<std::chrono::milliseconds> read_timeout(const Fields& fields) {
    const auto timeout = fields.duration("timeout");
    if (timeout == std::chrono::milliseconds(0)) {
      fields.find("timeout")->error(diagnostics_, "a timeout must be longer than 0s",
                                    "leave it out if there is to be none");
    }
    return timeout;
  }

  void read_inputs(const Fields& fields) {
    const auto* inputs = fields.find("inputs");
    if (inputs == nullptr) return;
    const auto& table = *kWorkflowTable.find("inputs")->table;
    for (const auto& [name, node] : inputs->members) {
      const Fields keys(*node, table, diagnostics_);
      Input input;
      input.name = name->text;
      input.type = value_type_named(keys.text("type")).value_or(ValueType::any);
      input.description = keys.text("description");
      if (const auto* value = keys.find("default")) {
        input.default_value = to_value(*value, diagnostics_);
        if (!has_type(*input.default_value, input.type)) {
          value->error(diagnostics_, fmt::format("the default of '{}' is not of type {}",
                                                 name->text, name_of(input.type)));
        }
      } else {
        required_inputs_.push_back(name.get());
      }
      workflow_.inputs.push_back(std::move(input));
    }
  }

  Mapping read_env(const Fields& fields) {
    const auto* env = fields.find("env");
    return env != nullptr ? read_data(*env, {Part::env}) : Mapping();
  }

  // --- triggers

  void read_triggers(const Fields& fields) {
    const auto& table = *kWorkflowTable.find("on")->table;
    for (const auto* node : fields.tables("on")) {
      const Fields trigger(*node, table, diagnostics_);
      const auto* value = trigger.find(trigger.chosen());
      if (value == nullptr) continue;
      if (trigger.chosen() == "webhook") {
        read_webhook(*value, *table.find("webhook")->table);
      } else if (trigger.chosen() == "schedule") {
        read_schedule(*value, *table.find("schedule")->table);
      } else {
        const Fields manual(*value, *table.find("manual")->table, diagnostics_);
        workflow_.triggers.emplace_back(ManualTrigger{});
        continue;
      }
      refuse_required_inputs(trigger.chosen());
    }
    if (const auto* on = fields.find("on");
        on != nullptr && on->items.empty() && on->members.empty()) {
      fields.key("on")->error(diagnostics_, "a workflow needs at least one trigger",
                              "`on: { manual: {} }` for one that is only started by hand");
    }
  }

  // Only who starts a run by hand can give inputs.
  void refuse_required_inputs(std::string_view kind) {
    for (const auto* name : required_inputs_) {
      name->error(
          diagnostics_,
          fmt::format("input '{}' has no default, and a {} cannot give one", name->text, kind),
          "give it a `default`");
    }
    required_inputs_.clear();
  }

  void read_webhook(const yaml::Node& node, const KeyTable& table) {
    const Fields fields(node, table, diagnostics_);
    WebhookTrigger trigger;
    trigger.connector = fields.text("connector");
    trigger.event = fields.text("event");
    trigger.credential = fields.text("credential");
    trigger.path = fields.text("path", workflow_.name);
    if (fields.has("verify")) {
      for (const auto* key : {"connector", "event", "credential"}) {
        if (const auto* written = fields.key(key)) {
          written->error(diagnostics_, fmt::format("'{}' makes no sense with `verify: none`", key));
        }
      }
    } else if (!fields.has("connector") || !fields.has("credential")) {
      node.error(diagnostics_, "this webhook would take deliveries from anybody",
                 "name the `connector` and the `credential` to verify them by, or say "
                 "`verify: none`");
      return;
    }
    if (!fields.has("verify")) check_webhook_connector(fields);
    check_webhook_path(fields, trigger);
    workflow_.triggers.emplace_back(std::move(trigger));
  }

  void check_webhook_connector(const Fields& fields) {
    const auto* name = fields.find("connector");
    if (name == nullptr || catalog_ == nullptr) return;
    const auto connector = find_connector(*name, 0, name->text);
    if (!connector) return;
    if (!connector->webhook) {
      name->error(diagnostics_, fmt::format("connector '{}' describes no webhooks", name->text));
    } else if (const auto* event = fields.find("event");
               event != nullptr && connector->webhook->event_header.empty()) {
      event->error(
          diagnostics_,
          fmt::format("connector '{}' does not say what event a delivery is of", name->text));
    }
  }

  void check_webhook_path(const Fields& fields, const WebhookTrigger& trigger) {
    if (const auto* path = fields.find("path")) {
      constexpr std::string_view kAllowed =
          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
      const auto bad = path->text.find_first_not_of(kAllowed);
      if (bad != std::string::npos) {
        diagnostics_.error(path->where, bad, 1, "a webhook's path cannot hold this character",
                           "letters, digits, - . _ ~ and / between them");
      } else if (path->text.empty() || path->text.front() == '/' || path->text.back() == '/' ||
                 path->text.find("//") != std::string::npos ||
                 path->text.find("..") != std::string::npos) {
        path->error(diagnostics_, fmt::format("'{}' is not the path of a webhook", path->text),
                    "parts with a '/' between them, below /hooks/");
      }
    }
    for (const auto& other : workflow_.triggers) {
      const auto* webhook = std::get_if<WebhookTrigger>(&other);
      if (webhook == nullptr || webhook->path != trigger.path) continue;
      if (webhook->connector == trigger.connector && webhook->credential == trigger.credential) {
        continue;
      }
      fields.node().error(
          diagnostics_,
          fmt::format("two webhooks at '{}' are verified in different ways", trigger.path),
          "give one of them a `path` of its own");
    }
  }

  void read_schedule(const yaml::Node& node, const KeyTable& table) {
    const Fields fields(node, table, diagnostics_);
    if (const auto* text = fields.find("cron")) {
      auto cron = Cron::parse(text->text);
      if (cron.has_error()) {
        diagnostics_.error(text->where, cron.error().offset, cron.error().length,
                           cron.error().message);
      } else {
        workflow_.triggers.emplace_back(ScheduleTrigger{*std::move(cron)});
      }
    } else if (const auto period = fields.duration("every")) {
      if (*period < std::chrono::seconds(1)) {
        fields.find("every")->error(diagnostics_, "a schedule's period is at least 1s");
      }
      workflow_.triggers.emplace_back(ScheduleTrigger{Every{*period}});
    }
  }

  // --- steps

  void read_steps(const Fields& fields, std::string_view list, Part part,
                  std::vector<Step>& steps) {
    const auto nodes = fields.tables(list);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      steps.push_back(read_step(*nodes[i], {part, i}));
    }
  }

  Step read_step(const yaml::Node& node, ExpressionPlace place) {
    const Fields fields(node, kStepTable, diagnostics_);
    const bool is_failure_step = place.part == Part::failure_step;
    Step step;
    step.id = fields.text(
        "id", fmt::format("{}-{}", is_failure_step ? "on-failure" : "step", place.index + 1));
    step.title = fields.text("name");
    step.action = read_action(fields, place);
    step.credential = fields.text("credential");
    step.timeout = read_timeout(fields);
    step.effect = effect_named(fields.text("effect"));
    step.retry = retry_;
    if (const auto* condition = fields.find("if"))
      step.condition = read_condition(*condition, place);
    if (const auto* retry = fields.find("retry")) step.retry = read_retry(*retry, diagnostics_);
    if (const auto* output = fields.find("output")) {
      step.output = read_data(
          *output, {is_failure_step ? Part::failure_output : Part::step_output, place.index});
    }
    check_belongings(fields);
    check_effect(fields, step);
    remember(fields, step);
    return step;
  }

  // Which keys go with which kinds of steps.
  void check_belongings(const Fields& fields) {
    struct Belonging {
      std::string_view key;
      std::string_view kind;
      std::string_view other_kind;
    };
    static constexpr std::array<Belonging, 5> kBelongings{{
        {"with", "call", ""},
        {"credential", "call", "http"},
        {"env", "run", ""},
        {"shell", "run", ""},
        {"format", "run", ""},
    }};
    if (fields.chosen().empty()) return;
    for (const auto& [key, kind, other] : kBelongings) {
      if (!fields.has(key) || fields.chosen() == kind || fields.chosen() == other) continue;
      fields.key(key)->error(diagnostics_,
                             fmt::format("'{}' does not go with '{}'", key, fields.chosen()));
    }
  }

  // To repeat with the same key needs somebody who takes a key.
  void check_effect(const Fields& fields, const Step& step) {
    if (step.effect != Effect::keyed) return;
    const auto* effect = fields.find("effect");
    if (std::holds_alternative<RunStep>(step.action)) {
      effect->error(diagnostics_, "a program takes no idempotency key",
                    "`once`, or `repeat` where it may be done twice");
    }
    const auto* call = std::get_if<CallStep>(&step.action);
    const auto connector =
        call != nullptr && catalog_ != nullptr ? catalog_->find(call->connector) : nullptr;
    if (connector && connector->idempotency_header.empty()) {
      effect->error(
          diagnostics_,
          fmt::format("connector '{}' names no header for idempotency keys", call->connector),
          "`once`, or `repeat` where it may be done twice; or give the connector its "
          "`idempotency_header`");
    }
  }

  void remember(const Fields& fields, const Step& step) {
    const auto* id = fields.find("id");
    const auto [earlier, is_new] = ids_.emplace(step.id, id);
    if (is_new) return;
    if (id == nullptr) id = earlier->second;
    id->error(diagnostics_, fmt::format("there are two steps '{}'", step.id));
  }

  Action read_action(const Fields& fields, ExpressionPlace place) {
    const auto kind = fields.chosen();
    const auto* node = fields.find(kind);
    if (node == nullptr) return SetStep{};
    if (kind == "call") return read_call(fields, *node, place);
    if (kind == "http") return read_http(*node, place);
    if (kind == "run") return read_run(fields, *node, place);
    if (kind == "wait") return read_wait(*node, place);
    return SetStep{read_data(*node, place)};
  }

  Action read_call(const Fields& fields, const yaml::Node& target, ExpressionPlace place) {
    CallStep call;
    const auto slash = target.text.find('/');
    if (slash == std::string::npos || slash == 0 || slash + 1 == target.text.size()) {
      target.error(diagnostics_, fmt::format("'{}' is not a connector/endpoint", target.text),
                   "such as github/get-user");
    } else {
      call.connector = target.text.substr(0, slash);
      call.endpoint = target.text.substr(slash + 1);
    }
    const auto* with = fields.find("with");
    call.with = with != nullptr ? read_data(*with, place) : Mapping::object({});
    if (!call.connector.empty() && catalog_ != nullptr) {
      check_call(target, slash, call, with);
    }
    return call;
  }

  std::shared_ptr<const Connector> find_connector(const yaml::Node& node, std::size_t offset,
                                                  const std::string& name) {
    auto connector = catalog_->find(name);
    if (!connector) {
      diagnostics_.error(
          node.where, offset, name.size(),
          fmt::format("there is no connector '{}'{}", name, did_you_mean(name, catalog_->names())),
          "known are: " + quoted_names(catalog_->names()));
    }
    return connector;
  }

  void check_call(const yaml::Node& target, std::size_t slash, const CallStep& call,
                  const yaml::Node* with) {
    const auto connector = find_connector(target, 0, call.connector);
    if (!connector) return;
    const auto* endpoint = connector->endpoint(call.endpoint);
    if (endpoint == nullptr) {
      std::vector<std::string> known;
      for (const auto& each : connector->endpoints) known.push_back(each.id);
      diagnostics_.error(target.where, slash + 1, call.endpoint.size(),
                         fmt::format("connector '{}' has no endpoint '{}'{}", call.connector,
                                     call.endpoint, did_you_mean(call.endpoint, known)),
                         "it has: " + quoted_names(known));
      return;
    }
    if (with != nullptr) check_given_parameters(*with, target.text, *endpoint, call);
    for (const auto& parameter : endpoint->parameters) {
      if (!parameter.required || parameter.default_value) continue;
      if (with != nullptr && with->find(parameter.name) != nullptr) continue;
      target.error(diagnostics_,
                   fmt::format("{} needs the parameter '{}'", target.text, parameter.name),
                   "give it in `with:`");
    }
  }

  void check_given_parameters(const yaml::Node& with, const std::string& target,
                              const Endpoint& endpoint, const CallStep& call) {
    std::vector<std::string> known;
    for (const auto& parameter : endpoint.parameters) known.push_back(parameter.name);
    for (std::size_t i = 0; i < with.members.size(); ++i) {
      const auto& [name, value] = with.members[i];
      const auto parameter = std::find_if(
          endpoint.parameters.begin(), endpoint.parameters.end(),
          [&, &wanted = name->text](const Parameter& each) { return each.name == wanted; });
      if (parameter == endpoint.parameters.end()) {
        if (name->text.find("${{") != std::string::npos) continue;  // told already
        name->error(diagnostics_, fmt::format("{} has no parameter '{}'{}", target, name->text,
                                              did_you_mean(name->text, known)));
        continue;
      }
      const auto& given = call.with.members()[i].second;
      if (given.is_constant() && !has_type(given.as_constant(), parameter->type)) {
        value->error(
            diagnostics_,
            fmt::format("parameter '{}' must be of type {}", name->text, name_of(parameter->type)),
            parameter->type == ValueType::string ? "put it in quotes" : "");
      }
    }
  }

  Action read_http(const yaml::Node& node, ExpressionPlace place) {
    const Fields fields(node, *kStepTable.find("http")->table, diagnostics_);
    HttpStep http;
    http.method = fields.text("method", http.method);
    http.follow_redirects = fields.boolean("follow_redirects", false);
    http.max_bytes = fields.size("max_bytes", http.max_bytes);
    if (const auto* url = fields.find("url")) {
      http.url = read_data(*url, place);
      const auto& text = url->text;
      if (!text.starts_with("http://") && !text.starts_with("https://") &&
          !text.starts_with("${{")) {
        url->error(diagnostics_, "a URL begins with https:// or http://");
      }
    }
    if (const auto* query = fields.find("query")) http.query = read_data(*query, place);
    if (const auto* headers = fields.find("headers")) http.headers = read_data(*headers, place);
    read_body(fields, http, place);
    return http;
  }

  void read_body(const Fields& fields, HttpStep& http, ExpressionPlace place) {
    static constexpr std::array<std::pair<std::string_view, HttpStep::Body>, 3> kBodies{{
        {"json", HttpStep::Body::json},
        {"form", HttpStep::Body::form},
        {"body", HttpStep::Body::text},
    }};
    for (const auto& [key, kind] : kBodies) {
      const auto* body = fields.find(key);
      if (body == nullptr) continue;
      if (http.body_kind != HttpStep::Body::none) {
        fields.key(key)->error(diagnostics_, "a request has one body",
                               "only one of json, form and body");
      }
      http.body_kind = kind;
      http.body = read_data(*body, place);
    }
  }

  Action read_run(const Fields& fields, const yaml::Node& node, ExpressionPlace place) {
    RunStep run;
    run.command = fields.texts("run");
    if (node.kind == Kind::scalar) {
      auto shell =
          fields.has("shell") ? fields.texts("shell") : std::vector<std::string>{"/bin/sh", "-ec"};
      run.command.insert(run.command.begin(), shell.begin(), shell.end());
    } else if (const auto* shell = fields.key("shell")) {
      shell->error(diagnostics_, "a program is run without a shell",
                   "write a script as text (`run: |`) if it is to have one");
    }
    run.json_output = fields.text("format") == "json";
    if (const auto* env = fields.find("env")) {
      run.env = read_data(*env, place);
      for (const auto& [name, value] : env->members) check_variable(*name, *value);
    }
    return run;
  }

  void check_variable(const yaml::Node& name, const yaml::Node& value) {
    if (name.text.empty() || name.text.find('=') != std::string::npos) {
      name.error(diagnostics_, fmt::format("'{}' cannot name an environment variable", name.text));
    }
    if (value.kind == Kind::sequence || value.kind == Kind::mapping) {
      value.error(diagnostics_,
                  fmt::format("an environment variable is text, not {}", value.kind_name()),
                  "give it as JSON: ${{ … | tojson }}");
    }
  }

  Action read_wait(const yaml::Node& node, ExpressionPlace place) {
    const Fields fields(node, *kStepTable.find("wait")->table, diagnostics_);
    WaitStep wait;
    if (const auto* duration = fields.find("for")) {
      wait.duration = read_data(*duration, place);
      if (duration->text.find("${{") == std::string::npos) {
        if (const auto read = parse_duration(duration->text); read.has_error()) {
          duration->error(diagnostics_, read.error().message, read.error().hint);
        }
      }
    }
    return wait;
  }

  Mapping read_condition(const yaml::Node& node, ExpressionPlace place) {
    const bool is_expression = node.text.starts_with("${{") && node.text.ends_with("}}") &&
                               node.text.find("${{", 3) == std::string::npos;
    const auto before = uses_.size();
    auto condition = read_data(node, place);
    if (is_expression && surroundings_.check_references) check_condition(node, condition, before);
    if (is_expression || (condition.is_constant() && condition.as_constant().is_boolean())) {
      return condition;
    }
    std::string hint;
    if (node.text.find("${{") != std::string::npos) {
      hint = "put all of it into one ${{ … }}";
    } else if (node.text.starts_with('.') || node.text.starts_with('$')) {
      hint = fmt::format("write ${{{{ {} }}}}", node.text);
    }
    node.error(diagnostics_, "'if' must be true, false or one expression", std::move(hint));
    return condition;
  }

  // What can be said of a condition's type before it is evaluated. `first_use` is the first of its
  // reads of the context.
  void check_condition(const yaml::Node& node, const Mapping& condition, std::size_t first_use) {
    if (uses_.size() == first_use + 1) {
      auto& use = uses_.back();
      const auto& reference = use.reference;
      const auto begin = node.text.find_first_not_of(" \t\n", 3);
      const auto end = node.text.find_last_not_of(" \t\n", node.text.size() - 3) + 1;
      use.is_condition = reference.offset == begin && reference.offset + reference.length == end;
    }
    if (condition.is_constant()) return;
    const auto program = std::string_view(node.text).substr(3, node.text.size() - 5);
    const auto kinds = expression::output_kinds(program);
    if (kinds.may_be(Value::Kind::boolean)) return;
    const auto type = only_type(kinds);
    node.error(diagnostics_,
               fmt::format("'if' must be true or false; this is {}",
                           !type                     ? "never either"
                           : *type == ValueType::any ? "always null"
                                                     : "always " + with_article(*type)),
               std::string(type ? condition_hint(*type) : "compare it with something"));
  }

  // --- expressions

  Mapping read_data(const yaml::Node& node, ExpressionPlace place) {
    return read_mapping(node, diagnostics_,
                        [&](const Reference& reference, const SourcePositions& where) {
                          uses_.push_back({reference, where, place});
                        });
  }

  const WorkflowSurroundings& surroundings_;
  const ConnectorCatalog* catalog_;
  Diagnostics& diagnostics_;
  Workflow workflow_;
  std::optional<RetryPolicy> retry_;
  std::vector<const yaml::Node*> required_inputs_;
  std::map<std::string, const yaml::Node*> ids_;  // of the steps; null where none is written
  std::vector<ContextUse> uses_;
};

}  // namespace

std::optional<Workflow> read_workflow(const std::string& path, std::string text,
                                      const WorkflowSurroundings& surroundings,
                                      Diagnostics& diagnostics) {
  const auto errors = diagnostics.error_count();
  const auto file = std::make_shared<const SourceFile>(path, std::move(text));
  const auto root = yaml::read(file, diagnostics);
  if (!root) return std::nullopt;
  auto workflow = WorkflowReader(surroundings, diagnostics).read(*root, path);
  if (diagnostics.error_count() > errors) return std::nullopt;
  workflow.text = file->text();
  return workflow;
}

}  // namespace tba
