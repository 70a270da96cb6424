#include <map>
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
  if (!rule) return advance(std::move(state), Begin{}, surroundings());
  auto key = limit_key(state);
  if (!key) {
    const auto hint = key.error().hint.empty() ? "" : " (" + key.error().hint + ")";
    return advance(std::move(state),
                   Begin{storage::Failure{"expression", key.error().message + hint, ""}},
                   surroundings());
  }
  const auto answer = places_.ask({state.row.workflow, *key}, *rule, state.row.id);
  if (answer.turn == Places::Turn::never) return advance(std::move(state), Skip{}, surroundings());
  state.row.concurrency_key = std::move(*key);
  if (answer.turn == Places::Turn::now) return advance(std::move(state), Begin{}, surroundings());
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

/// Learns which runs go on, or wait for their turn, under a limit.
asio::awaitable<Result<>> Engine::recover_places() {
  std::map<Places::Key, storage::VersionHash> queued;
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
  for (const auto& [key, version] : queued) {
    const auto definition = co_await environment_.definitions.get(version);
    std::size_t limit = 1;
    if (definition && (*definition)->workflow->concurrency)
      limit = static_cast<std::size_t>((*definition)->workflow->concurrency->limit);
    give_places(places_.admit(key, limit));
  }
  co_return Result<>();
}

}  // namespace tba::engine
