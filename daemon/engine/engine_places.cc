#include <utility>

#include "daemon/engine/engine_parts.h"
#include "daemon/engine/signals.h"
#include "shared/value/json.h"

/// How the engine keeps to the `concurrency` of workflows.
namespace tba::engine {

namespace asio = boost::asio;

/// What a new run shares its workflow's limit by: the value of the key as JSON.
Result<std::string> Engine::limit_key(const RunState& state) const {
  const auto& rule = *state.definition->workflow->concurrency;
  if (!rule.key) return std::string("null");
  expression::Context context;
  context.set(expression::Root::trigger, state.trigger);
  context.set(expression::Root::inputs, state.inputs);
  context.set(expression::Root::workflow,
              Value::object({{"name", Value::string(state.row.workflow)}}));
  context.set(expression::Root::vars, environment_.vars);
  const auto value = rule.key->evaluate(context, environment_.budget);
  if (!value) return value.error();
  return to_json(*value);
}

/// Begins a new run, or lets it wait for its turn, or skips it. `cancelled` are runs that have to
/// make way.
Transition Engine::first_transition(RunState state, std::vector<RunId>& cancelled) {
  const auto& rule = state.definition->workflow->concurrency;
  const auto around = surroundings_of(state.row.id);
  if (!rule) return advance(std::move(state), Begin{}, around);
  auto key = limit_key(state);
  if (!key) {
    const auto hint = key.error().hint.empty() ? "" : " (" + key.error().hint + ")";
    return advance(std::move(state),
                   Begin{storage::Failure{"expression", key.error().message + hint, ""}}, around);
  }
  const auto answer = places_.ask({state.row.workflow, *key}, *rule, state.row.id);
  if (answer.turn == Places::Turn::never) return advance(std::move(state), Skip{}, around);
  state.row.concurrency_key = std::move(*key);
  if (answer.turn == Places::Turn::now) return advance(std::move(state), Begin{}, around);
  if (answer.to_cancel) cancelled.push_back(*answer.to_cancel);
  Transition transition;
  transition.state = std::move(state);
  return transition;
}

/// Gives a run's place away once it has ended or was interrupted, and takes one again where it goes
/// on after that.
void Engine::update_place(const ActivePointer& run) {
  const auto& row = run->state->row;
  if (row.concurrency_key.empty()) return;
  const Places::Key key{row.workflow, row.concurrency_key};
  const bool needs_place = !is_final(row.status) && row.status != RunStatus::interrupted;
  if (needs_place && !run->has_place) places_.hold(key, run->id);
  if (!needs_place && run->has_place) {
    const auto& rule = run->state->definition->workflow->concurrency;
    const auto limit = rule ? static_cast<std::size_t>(rule->limit) : 1;
    give_places(places_.leave(key, limit, run->id));
  }
  run->has_place = needs_place;
}

void Engine::give_places(const std::vector<RunId>& runs) {
  for (const auto& run : runs) happen(run, Begin{});
}

/// Gives the place, or the turn, of a run that was set aside to another one.
asio::awaitable<void> Engine::give_place_of(const storage::Run& row) {
  if (row.concurrency_key.empty()) co_return;
  const auto limit = co_await limit_of(row.version);
  give_places(places_.leave({row.workflow, row.concurrency_key}, limit, row.id));
}

asio::awaitable<std::size_t> Engine::limit_of(const storage::VersionHash& version) {
  const auto definition = co_await environment_.definitions.get(version);
  if (!definition || !(*definition)->workflow->concurrency) co_return 1;
  co_return static_cast<std::size_t>((*definition)->workflow->concurrency->limit);
}

/// Learns which runs go on, or wait for their turn, under a limit.
asio::awaitable<Result<Engine::QueuedVersions>> Engine::recover_places() {
  QueuedVersions queued;
  storage::PageRequest request{kPage, ""};
  do {
    auto page = co_await environment_.store.limited_runs(request);
    if (!page) co_return with_context(page.error(), "cannot read which runs share a limit");
    for (const auto& row : page->items) {
      const Places::Key key{row.workflow, row.concurrency_key};
      if (row.status == RunStatus::queued) {
        places_.wait(key, row.id);
        queued[key] = row.version;
      } else {
        places_.hold(key, row.id);
      }
    }
    request.cursor = page->next;
  } while (!request.cursor.empty());
  co_return queued;
}

/// Begins those whose turn it is. Not before it is known which runs the last daemon had begun:
/// these are no such.
asio::awaitable<void> Engine::recover_turns(QueuedVersions queued) {
  for (const auto& [key, version] : queued) {
    const auto limit = co_await limit_of(version);
    give_places(places_.admit(key, limit));
  }
}

}  // namespace tba::engine
