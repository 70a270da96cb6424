#include "shared/workflow_reader.h"

#include <array>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "shared/condition_reader.h"
#include "shared/key_table.h"
#include "shared/step_reader.h"
#include "shared/trigger_reader.h"
#include "shared/workflow_keys.h"
#include "shared/workflow_reading.h"
#include "shared/workflow_references.h"
#include "shared/yaml_reader.h"
#include "shared/yaml_scalars.h"

namespace tba {
namespace {

using expression::Mapping;
using Part = ExpressionPlace::Part;

class WorkflowReader {
 public:
  WorkflowReader(const WorkflowSurroundings& surroundings, Diagnostics& diagnostics)
      : reading_(surroundings, diagnostics), diagnostics_(diagnostics) {}

  Workflow read(const yaml::Node& root, const std::string& path) {
    const Fields fields(root, kWorkflowTable, diagnostics_);
    workflow_.path = path;
    workflow_.name = read_name(fields, path);
    workflow_.description = fields.text("description");
    workflow_.timeout = read_timeout(fields);
    read_inputs(fields);
    read_triggers(fields);
    if (const auto* concurrency = fields.find("concurrency"))
      workflow_.concurrency = read_concurrency(*concurrency);
    workflow_.env = read_env(fields);
    StepReader steps(read_default_retry(fields), reading_);
    workflow_.steps = steps.read(fields, "steps", "step");
    workflow_.on_failure = steps.read(fields, "on_failure", "on-failure");
    workflow_.on_success = steps.read(fields, "on_success", "on-success");
    workflow_.finally = steps.read(fields, "finally", "finally");
    if (const auto* list = fields.find("steps"); list != nullptr && list->items.empty()) {
      fields.key("steps")->error(diagnostics_, "a workflow needs at least one step");
    }
    if (const auto* output = fields.find("output")) {
      workflow_.output = reading_.read_data(*output, {Part::output});
    }
    if (reading_.surroundings().check_references) {
      check_references(workflow_, reading_.uses(), reading_.surroundings(), diagnostics_);
    }
    workflow_.outside_names = std::move(reading_.outside_names());
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
      } else if (!keys.has("default")) {
        required_inputs_.push_back(name.get());
      }
      workflow_.inputs.push_back(std::move(input));
    }
  }

  std::optional<RetryPolicy> read_default_retry(const Fields& fields) {
    const auto* retry = fields.find("retry");
    return retry != nullptr ? std::optional(read_step_retry(*retry, {Part::retry}, reading_))
                            : std::nullopt;
  }

  Concurrency read_concurrency(const yaml::Node& node) {
    static constexpr std::array<std::pair<std::string_view, Concurrency::WhenBusy>, 3> kWhenBusy{{
        {"queue", Concurrency::WhenBusy::queue},
        {"skip", Concurrency::WhenBusy::skip},
        {"cancel-oldest", Concurrency::WhenBusy::cancel_oldest},
    }};
    const Fields fields(node, *kWorkflowTable.find("concurrency")->table, diagnostics_);
    Concurrency concurrency;
    concurrency.limit = fields.integer("limit", concurrency.limit);
    for (const auto& [name, when_busy] : kWhenBusy) {
      if (fields.text("when_busy") == name) concurrency.when_busy = when_busy;
    }
    if (const auto* key = fields.find("key"))
      concurrency.key = reading_.read_data(*key, {Part::start});
    return concurrency;
  }

  Mapping read_env(const Fields& fields) {
    const auto* env = fields.find("env");
    return env != nullptr ? reading_.read_data(*env, {Part::env}) : Mapping();
  }

  // --- triggers

  void read_triggers(const Fields& fields) {
    for (const auto* node : fields.tables("on")) {
      const auto kind = read_trigger(*node, workflow_, reading_);
      if (!kind.empty() && kind != "manual") refuse_required_inputs(kind);
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
      name->error(diagnostics_,
                  fmt::format("input '{}' has no default, and {} {} cannot give one", name->text,
                              kind == "event" ? "an" : "a", kind),
                  "give it a `default`");
    }
    required_inputs_.clear();
  }

  WorkflowReading reading_;
  Diagnostics& diagnostics_;
  Workflow workflow_;
  std::vector<const yaml::Node*> required_inputs_;
};

}  // namespace

WorkflowFile read_workflow_file(const std::string& path, std::string text,
                                const WorkflowSurroundings& surroundings,
                                Diagnostics& diagnostics) {
  const auto errors = diagnostics.error_count();
  const auto file = std::make_shared<const SourceFile>(path, std::move(text));
  WorkflowFile read;
  if (const auto root = yaml::read(file, diagnostics)) {
    read.workflow = WorkflowReader(surroundings, diagnostics).read(*root, path);
  } else {
    read.workflow.path = path;
    read.workflow.name = std::filesystem::path(path).stem().string();
  }
  read.workflow.text = file->text();
  read.is_valid = diagnostics.error_count() == errors;
  return read;
}

std::optional<Workflow> read_workflow(const std::string& path, std::string text,
                                      const WorkflowSurroundings& surroundings,
                                      Diagnostics& diagnostics) {
  auto file = read_workflow_file(path, std::move(text), surroundings, diagnostics);
  return file.is_valid ? std::optional(std::move(file.workflow)) : std::nullopt;
}

}  // namespace tba
