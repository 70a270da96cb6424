#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "shared/connector.h"
#include "shared/expression/mapping.h"
#include "shared/ip_network.h"
#include "shared/outside_names.h"
#include "shared/page_walk.h"
#include "shared/run.h"
#include "shared/schedule.h"

namespace tba {

/// Starts a run for each delivery of that event to the workflow's path.
struct WebhookTrigger {
  enum class Respond { accepted, result };
  enum class Dedupe { delivery_id, body, none };
  /// Of `respond_within`: senders give up before.
  static constexpr std::chrono::minutes kLongestWait{2};

  std::string path;        ///< Below /hooks/; the workflow's name where the file says nothing.
  std::string connector;   ///< Empty with `verify: none`.
  std::string event;       ///< "issues.opened", "issues" for every action of it, or empty for all.
  std::string credential;  ///< Whose webhook secret signs; empty with `verify: none`.
  std::vector<std::string> methods = {"POST"};
  std::vector<IpNetwork> allow_from = {};         ///< Whose requests it takes; empty: anybody's.
  std::optional<expression::Mapping> match = {};  ///< Which deliveries it takes; none: all.
  Respond respond = Respond::accepted;            ///< What the sender is answered.
  std::chrono::milliseconds respond_within{0};    ///< How long the run's result is waited for.
  Dedupe dedupe = Dedupe::delivery_id;            ///< By what a delivery is known again.
};

/// Starts a run for each slot of a schedule.
struct ScheduleTrigger {
  Schedule schedule;
  CatchUp catch_up = CatchUp::none;
  std::chrono::milliseconds jitter{0};  ///< A slot fires at most that much later.
};

/// Starts a run for each new item that an endpoint lists. Its expressions read the answer as
/// `.trigger.body` and `.trigger.headers`, and the last cursor as `.trigger.cursor`.
struct PollTrigger {
  std::string connector;
  std::string endpoint;
  std::string credential;    ///< Or empty.
  expression::Mapping with;  ///< An object; evaluated before there is an answer.
  std::chrono::milliseconds every{0};
  expression::Mapping items;                      ///< An array, the oldest first.
  expression::Mapping key;                        ///< What tells an item, `.item`, from all others.
  std::optional<expression::Mapping> match = {};  ///< Which items it takes; none: all.
  std::optional<expression::Mapping> cursor = {};  ///< What the next poll is to know.
  bool baseline = true;  ///< Whether the items of the very first poll start nothing.
  std::optional<PageCaps> paginate = {};  ///< How much of a list in pages; none: the first page.
};

/// Starts a run for each event of one of these names.
struct EventTrigger {
  std::vector<std::string> names;
  std::string workflow;  ///< Whose runs it is about, of events that are; empty: all others.
  std::optional<expression::Mapping> match = {};  ///< Which events it takes; none: all.
};

/// Allows `run start`. Every workflow without a `manual` trigger refuses it.
struct ManualTrigger {};

using Trigger =
    std::variant<WebhookTrigger, ScheduleTrigger, PollTrigger, EventTrigger, ManualTrigger>;

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

/// Waits for a time, or until somebody says something. Leaves body where something is said.
struct WaitStep {
  enum class For { duration, instant, event, approval };
  For what = For::duration;
  /// A duration's text; an instant's text or seconds since 1970; the event's name; or what is shown
  /// to those who are asked for approval, perhaps null.
  expression::Mapping subject;
  std::optional<expression::Mapping> match;  ///< Whether an event, as `.event`, is the one.
  std::vector<std::string> approvers;        ///< Who may decide; empty: everybody.

  /// Whether it is only time that must pass.
  bool is_for_time() const { return what == For::duration || what == For::instant; }
};

/// Runs another workflow and waits for it. Leaves body: its output.
struct WorkflowStep {
  std::string workflow;
  expression::Mapping with;  ///< An object: its inputs.
};

/// Tells a target of the configuration's `notify:`. Leaves status, headers, body.
struct NotifyStep {
  std::string target;
  expression::Mapping with;  ///< An object: what the target's mapping reads as `.inputs`.
};

/// Ends with a failure.
struct FailStep {
  expression::Mapping message;
};

struct Step;
struct ParallelBranch;
struct ChooseBranch;

/// Lists that are carried out beside each other. Leaves body: an object of their results. The
/// result of a list of steps is the body of its last one.
struct ParallelStep {
  std::vector<ParallelBranch> branches;
};

/// A list of an endpoint, page by page.
struct Pages {
  /// What calls the endpoint for one of them: exactly one step. Its id is that of the step that
  /// asks for pages, with ".page" behind it.
  std::vector<Step> call;
  PageCaps caps;
};

/// Calls an endpoint for each page of its list. Leaves body: all items; pages and complete.
struct PagesStep {
  Pages pages;
};

/// A list that is carried out for each item. Leaves body: an array of the results, in the order of
/// the items; of items that come in pages, how many there were.
struct ForEachStep {
  expression::Mapping items;
  std::optional<Pages> pages;  ///< Where the items come from instead.
  std::size_t max_parallel = 1;
  std::vector<Step> steps;
};

/// The first list whose condition holds is carried out. Leaves body: its result, or null.
struct ChooseStep {
  std::vector<ChooseBranch> branches;
};

using Action = std::variant<CallStep, HttpStep, RunStep, SetStep, WaitStep, WorkflowStep,
                            ParallelStep, ForEachStep, ChooseStep, NotifyStep, FailStep, PagesStep>;

/// Results of a step that are used again instead of doing it again.
struct StepCache {
  expression::Mapping key;  ///< Any data: what the result depends on.
  std::chrono::milliseconds lifetime{0};
};

/// One action of a workflow.
struct Step {
  int number = 0;  ///< Counts through the file, its containers before what they hold.
  std::string id;  ///< As written, or "step-<n>", counted from 1 in its list; unique in the file.
  std::string title;  ///< `name`, or empty.
  Action action;
  std::vector<std::string> needs;  ///< Steps of the same list that come before it in a graph.
  std::optional<expression::Mapping> condition;  ///< `if`
  std::string credential;                        ///< Or empty.
  std::optional<RetryPolicy>
      retry;  ///< The step's own, else the workflow's; neither: the connector's.
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<Effect> effect;               ///< As written; see effect_of().
  std::optional<expression::Mapping> output;  ///< Replaces `body`.
  bool continue_on_error = false;             ///< Whether its failure is left at that.
  std::optional<StepCache> cache;
};

struct ParallelBranch {
  std::string name;
  std::vector<Step> steps;
};

struct ChooseBranch {
  std::optional<expression::Mapping> when;  ///< None: else.
  std::vector<Step> steps;
};

/// Whether its steps say which ones they need; those of another list need the one before.
bool is_graph(const std::vector<Step>& list);

/// The lists of steps that a step holds; none but in parallel, for_each and choose.
std::vector<const std::vector<Step>*> lists_of(const Step& step);

/// What the id of the call of a page ends with, behind that of the step that asks for it.
inline constexpr std::string_view kPageSuffix = ".page";

/// Where the step gets items page by page; null for all others.
const Pages* pages_of(const Step& step);

/// How deep lists of steps may be nested.
inline constexpr int kDeepestNesting = 16;

/// The word of the step's action in the file: "call", "for_each", …
std::string_view kind_of(const Step& step);

/// What may have been meant by an `if` that gives something of that type, as a hint; `any` stands
/// for null.
std::string_view condition_hint(ValueType type);

/// The keys that `.steps.<id>` has once the step is done, beside outcome and error. Those of a step
/// that failed or was skipped are null.
std::span<const std::string_view> keys_left_by(const Step& step);

/// How many runs of a workflow may go on at once.
struct Concurrency {
  enum class WhenBusy { queue, skip, cancel_oldest };
  std::int64_t limit = 1;
  std::optional<expression::Mapping> key;  ///< Each value of it has a limit of its own.
  WhenBusy when_busy = WhenBusy::queue;
};

/// A workflow file. Immutable once read.
struct Workflow {
  std::string name;
  std::string path;  ///< Of the file, as messages name it.
  std::string text;  ///< Of the file: what a run keeps.
  std::string description;
  std::vector<Trigger> triggers;
  std::vector<Input> inputs;
  std::optional<Concurrency> concurrency;
  std::optional<std::chrono::milliseconds> timeout;
  expression::Mapping env;  ///< An object, or null.
  std::vector<Step> steps;
  std::vector<Step> on_failure;
  std::vector<Step> on_success;
  std::vector<Step> finally;
  std::optional<expression::Mapping> output;
  std::vector<OutsideName> outside_names;  ///< In the order of reading.

  /// The list of a phase.
  const std::vector<Step>& list_of(RunPhase phase) const;

  /// Every step, those that others hold behind them, so in the order of their numbers.
  std::vector<const Step*> all_steps() const;

  /// What all its expressions read of the context. Offsets are those within each scalar.
  std::vector<expression::Reference> references() const;

  /// The names of the connectors and of the credentials that the file mentions, each once, sorted.
  std::vector<std::string> connectors() const;
  std::vector<std::string> credentials() const;
};

}  // namespace tba
