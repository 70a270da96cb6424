#include <algorithm>
#include <array>
#include <utility>

#include "daemon/engine/engine_parts.h"
#include "daemon/engine/signals.h"
#include "shared/value/json.h"

namespace tba::engine {

namespace asio = boost::asio;

namespace {

constexpr std::array<std::string_view, 3> kDecisions{"repeat", "skip", "fail"};

Value text_or_null(const std::string& text) {
  return text.empty() ? Value() : Value::string(text);
}

/// Whether a step waits for an approval, and whose: the names that were given, empty for everybody.
std::optional<std::vector<std::string>> approvers_of(const storage::Step& step) {
  if (step.status != StepStatus::waiting || step.memo_json.empty()) return std::nullopt;
  const auto memo = parse_json(step.memo_json);
  const Value* approval = memo ? memo->find("approval") : nullptr;
  if (!approval) return std::nullopt;
  std::vector<std::string> names;
  if (const Value* by = approval->find("by")) {
    for (const auto& name : by->items()) names.emplace_back(name.as_string());
  }
  return names;
}

}  // namespace

asio::awaitable<Result<storage::Run>> Engine::unfinished_run(RunId id) {
  auto row = co_await environment_.store.run(id);
  if (!row) co_return row.error();
  if (!*row) co_return Error{ErrorCode::not_found, "there is no run " + id.text(), ""};
  if (is_final((*row)->status)) {
    co_return Error{ErrorCode::conflict,
                    "run " + id.text() + " is over: it has " + std::string(name_of((*row)->status)),
                    ""};
  }
  co_return std::move(**row);
}

storage::Signal Engine::signal_of(RunId id, std::string_view kind, std::string step,
                                  const Value& data) {
  storage::Signal signal;
  signal.id = environment_.ids.next<SignalId>();
  signal.run = id;
  signal.at = environment_.clock.now();
  signal.kind = kind;
  signal.step = std::move(step);
  signal.data_json = to_json(data);
  return signal;
}

/// Leaves a signal for the run, and tells it.
asio::awaitable<Result<>> Engine::signal(RunId id, std::string_view kind, std::string step,
                                         Value data) {
  storage::Change change;
  change.writes.emplace_back(storage::AddSignal{signal_of(id, kind, std::move(step), data)});
  const auto outcome = co_await environment_.store.submit(std::move(change));
  if (!outcome) co_return outcome.error();
  deliver(id);
  co_return Result<>();
}

asio::awaitable<Result<RunStatus>> Engine::cancel_here(RunId id) {
  const auto row = co_await unfinished_run(id);
  if (!row) co_return row.error();
  const auto status = row->status;
  const auto done = co_await signal(id, signals::kCancel, "", Value());
  if (!done) co_return done.error();
  co_return status;
}

asio::awaitable<Result<>> Engine::resume_here(RunId id, std::string step, Decision decision,
                                              std::string by) {
  const auto row = co_await unfinished_run(id);
  if (!row) co_return row.error();
  const auto steps = co_await environment_.store.steps(id, std::vector<std::string>());
  if (!steps) co_return steps.error();
  const bool waits = std::ranges::any_of(*steps, [&](const storage::Step& each) {
    return each.status == StepStatus::interrupted && (step.empty() || each.key == step);
  });
  if (!waits) {
    co_return Error{ErrorCode::conflict,
                    step.empty()
                        ? "run " + id.text() + " was not interrupted"
                        : "step '" + step + "' of run " + id.text() + " was not interrupted",
                    ""};
  }
  auto data =
      Value::object({{"decision", Value::string(kDecisions[static_cast<std::size_t>(decision)])},
                     {"by", text_or_null(by)}});
  co_return co_await signal(id, signals::kResume, std::move(step), std::move(data));
}

asio::awaitable<Result<RunId>> Engine::retry_here(RunId id, RetryRequest request) {
  auto row = co_await environment_.store.run(id);
  if (!row) co_return row.error();
  if (!*row) co_return Error{ErrorCode::not_found, "there is no run " + id.text(), ""};
  if (!is_final((*row)->status)) {
    co_return Error{
        ErrorCode::conflict,
        "run " + id.text() + " is not over: it is " + std::string(name_of((*row)->status)),
        "cancel it first, or `run resume` it if it is interrupted"};
  }
  auto definition = environment_.find_workflow((*row)->workflow);
  // With the latest, the old one need not be understood any more.
  if (!request.latest) definition = co_await environment_.definitions.get((*row)->version);
  if (!definition) co_return definition.error();
  const Reads all{.trigger = true, .results = {}};
  const auto old = co_await read_back(std::move(*definition), std::move(**row), all);
  if (!old) co_return old.error();
  if (old->trigger.is_null()) {
    co_return Error{ErrorCode::conflict, "the delivery that started it is no longer kept",
                    "let its sender send it again"};
  }
  auto start = retry_of(*old, environment_.ids.next<RunId>(), request);
  if (!start) co_return start.error();
  const auto made = start->id;
  Admission admission;
  admission.starts.push_back(std::move(*start));
  const auto admitted = co_await admit_here(std::move(admission));
  if (!admitted) co_return admitted.error();
  co_return made;
}

asio::awaitable<Result<>> Engine::decide_here(RunId id, std::string step, Verdict verdict) {
  const auto row = co_await unfinished_run(id);
  if (!row) co_return row.error();
  const auto steps = co_await environment_.store.steps(id, std::vector<std::string>());
  if (!steps) co_return steps.error();
  std::vector<std::string> waiting;
  std::vector<std::string> approvers;
  for (const auto& each : *steps) {
    auto names = approvers_of(each);
    if (!names || (!step.empty() && each.key != step)) continue;
    waiting.push_back(each.key);
    approvers = std::move(*names);
  }
  if (waiting.empty()) {
    co_return Error{ErrorCode::conflict,
                    (step.empty() ? "run " + id.text() : "step '" + step + "'") +
                        " does not wait for an approval",
                    ""};
  }
  if (waiting.size() > 1) {
    std::string names;
    for (const auto& key : waiting) names.append(names.empty() ? "" : ", ").append(key);
    co_return Error{ErrorCode::conflict, "several steps wait for an approval",
                    "say which one: " + names};
  }
  if (!approvers.empty() && std::ranges::find(approvers, verdict.by) == approvers.end()) {
    co_return Error{ErrorCode::denied,
                    "'" + verdict.by + "' is not among those who may decide about this", ""};
  }
  auto data = Value::object({{"approved", Value::boolean(verdict.is_approved)},
                             {"by", text_or_null(verdict.by)},
                             {"comment", text_or_null(verdict.comment)}});
  co_return co_await signal(id, signals::kApproval, std::move(waiting.front()), std::move(data));
}

asio::awaitable<Result<expression::Context>> Engine::recorded_context_here(RunId id,
                                                                           std::string step) {
  auto state = co_await load(id, Extent::whole);
  if (!state) co_return state.error();
  co_return context_before(std::move(*state), step, environment_.vars, environment_.budget);
}

}  // namespace tba::engine
