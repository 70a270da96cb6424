#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "shared/connector.h"
#include "shared/expression/mapping.h"
#include "shared/run.h"
#include "shared/schedule.h"

namespace tba {

/// Starts a run for each delivery of that event to the workflow's path.
struct WebhookTrigger {
  std::string path;        ///< Below /hooks/; the workflow's name where the file says nothing.
  std::string connector;   ///< Empty with `verify: none`.
  std::string event;       ///< "issues.opened", "issues" for every action of it, or empty for all.
  std::string credential;  ///< Whose webhook secret signs; empty with `verify: none`.
};

/// Starts a run for each slot of a schedule.
struct ScheduleTrigger {
  Schedule schedule;
  CatchUp catch_up = CatchUp::none;
  std::chrono::milliseconds jitter{0};  ///< A slot fires at most that much later.
};

/// Allows `run start`. Every workflow without a `manual` trigger refuses it.
struct ManualTrigger {};

using Trigger = std::variant<WebhookTrigger, ScheduleTrigger, ManualTrigger>;

/// A typed value that starts a run with it; by hand, or by its default.
struct Input {
  std::string name;
  ValueType type = ValueType::any;
  std::optional<Value> default_value;  ///< Without one the input is required.
  std::string description;
};

/// Calls an endpoint of a connector. Leaves status, headers, body.
struct CallStep {
  std::string connector;
  std::string endpoint;
  expression::Mapping with;  ///< An object.
};

/// Sends a request as written. Leaves status, headers, body.
struct HttpStep {
  enum class Body { none, json, form, text };
  std::string method = "GET";
  expression::Mapping url;
  expression::Mapping query;    ///< An object, or null.
  expression::Mapping headers;  ///< An object, or null.
  Body body_kind = Body::none;
  expression::Mapping body;
  bool follow_redirects = false;
  std::size_t max_bytes = 10 << 20;
};

/// Runs a program, without a shell, or a script with its interpreter. Leaves exit_code, stdout,
/// stderr, body.
struct RunStep {
  std::vector<std::string>
      command;               ///< The program and its arguments; a script's interpreter comes first.
  expression::Mapping env;   ///< An object of scalars, or null.
  bool json_output = false;  ///< `format: json`: stdout is read as JSON into body.
};

/// Makes data. Leaves body.
struct SetStep {
  expression::Mapping values;  ///< An object.
};

/// Waits that long.
struct WaitStep {
  expression::Mapping duration;  ///< A duration's text.
};

using Action = std::variant<CallStep, HttpStep, RunStep, SetStep, WaitStep>;

/// One action of a workflow.
struct Step {
  std::string
      id;  ///< As written, or "step-<n>", counted from 1 in its list ("on-failure-<n>" there).
  std::string title;  ///< `name`, or empty.
  Action action;
  std::optional<expression::Mapping> condition;  ///< `if`
  std::string credential;                        ///< Or empty.
  std::optional<RetryPolicy>
      retry;  ///< The step's own, else the workflow's; neither: the connector's.
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<Effect> effect;               ///< As written; see effect_of().
  std::optional<expression::Mapping> output;  ///< Replaces `body`.
};

/// The word of the step's action in the file: "call", "http", "run", "set", "wait".
std::string_view kind_of(const Step& step);

/// What may have been meant by an `if` that gives something of that type, as a hint; `any` stands
/// for null.
std::string_view condition_hint(ValueType type);

/// The keys that `.steps.<id>` has once the step is done, beside outcome and error. Those of a step
/// that failed or was skipped are null.
std::span<const std::string_view> keys_left_by(const Step& step);

/// A workflow file. Immutable once read.
struct Workflow {
  std::string name;
  std::string path;  ///< Of the file, as messages name it.
  std::string text;  ///< Of the file: what a run keeps.
  std::string description;
  std::vector<Trigger> triggers;
  std::vector<Input> inputs;
  std::optional<std::chrono::milliseconds> timeout;
  expression::Mapping env;  ///< An object, or null.
  std::vector<Step> steps;
  std::vector<Step> on_failure;
  std::optional<expression::Mapping> output;

  /// What all its expressions read of the context. Offsets are those within each scalar.
  std::vector<expression::Reference> references() const;

  /// The names of the connectors and of the credentials that the file mentions, each once, sorted.
  std::vector<std::string> connectors() const;
  std::vector<std::string> credentials() const;
};

}  // namespace tba
