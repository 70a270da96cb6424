#include "tests/support/engine_world.h"

#include <algorithm>
#include <stdexcept>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/engine/trigger_context.h"
#include "daemon/storage/sqlite.h"
#include "shared/connector_catalog.h"
#include "shared/diagnostic.h"
#include "shared/inputs.h"
#include "shared/workflow_reader.h"

namespace tba::tests {

namespace asio = boost::asio;
using engine::Attempt;
using engine::AttemptOutcome;

// --- attempts ------------------------------------------------------------------------------------

asio::awaitable<void> ScriptedRunner::hang() {
  const auto count = [this](asio::cancellation_type type) {
    ++cancellations;
    return stubborn ? asio::cancellation_type::none : type;
  };
  co_await asio::this_coro::reset_cancellation_state(count, asio::enable_terminal_cancellation());
  co_await asio::this_coro::throw_if_cancelled(false);
  asio::steady_timer never(co_await asio::this_coro::executor,
                           asio::steady_timer::time_point::max());
  hanging_.insert(&never);
  boost::system::error_code cancelled;
  co_await never.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  hanging_.erase(&never);
}

std::size_t ScriptedRunner::attempts_of(const std::string& step) const {
  return static_cast<std::size_t>(std::ranges::count(attempts, step, &engine::Attempt::step));
}

void ScriptedRunner::let_go() {
  for (auto* timer : hanging_) timer->cancel();
}

asio::awaitable<AttemptOutcome> ScriptedRunner::perform(Attempt attempt, engine::LineSink log) {
  attempts.push_back(attempt);
  for (const auto& line : lines) log("stdout", line);
  const auto found = answers_.find(attempt.step);
  if (found == answers_.end()) {
    co_await hang();
    AttemptOutcome outcome;
    outcome.failure = storage::Failure{"cancelled", "cancelled", ""};
    outcome.unknown = true;
    co_return outcome;
  }
  auto& answers = found->second;
  const auto answer = answers.front();
  if (answers.size() > 1) answers.pop_front();
  co_return answer(attempt);
}

AttemptOutcome succeeds(Value result) {
  AttemptOutcome outcome;
  outcome.result = std::move(result);
  return outcome;
}

AttemptOutcome answers(int status, std::optional<std::chrono::milliseconds> retry_after) {
  AttemptOutcome outcome;
  outcome.http_status = status;
  outcome.result = Value::object({{"status", Value::integer(status)}});
  outcome.retry_after = retry_after;
  if (status < 400) return outcome;
  outcome.failure = storage::Failure{"http_status", "answered " + std::to_string(status), ""};
  outcome.certainly_not_acted = status == 429 || status == 503;
  return outcome;
}

AttemptOutcome is_lost() {
  AttemptOutcome outcome;
  outcome.failure = storage::Failure{"network", "the connection ended", ""};
  outcome.unknown = true;
  return outcome;
}

AttemptOutcome is_not_sent() {
  AttemptOutcome outcome;
  outcome.failure = storage::Failure{"network", "nobody listens", ""};
  outcome.certainly_not_acted = true;
  return outcome;
}

// --- the world -----------------------------------------------------------------------------------

/// What a daemon's process holds, and loses when it dies. The engine goes before the executor that
/// holds its coroutines, so none of them goes on.
struct EngineWorld::Daemon {
  Daemon(EngineWorld& world, daemon::Log& log)
      : store(storage::SqliteStore::open(world.folder.path() / "tba.db", world.clock.now(),
                                         std::make_unique<storage::InlineWorker>(io.get_executor()),
                                         std::make_unique<storage::InlineWorker>(io.get_executor()))
                  .value()),
        definitions(*store),
        engine({io.get_executor(), *store, definitions, world.clock, world.random, world.ids, alarm,
                world.runner, feed, log, world.vars, world.budget,
                [&world](const std::string& name) { return world.find_notify_target(name); },
                [&world](const std::string& name) { return world.find_workflow(name); }}) {}

  asio::io_context io{1};
  std::unique_ptr<storage::SqliteStore> store;
  engine::Definitions definitions;
  engine::RunFeed feed;
  FakeAlarm alarm;
  engine::Engine engine;
};

EngineWorld::EngineWorld(std::uint64_t seed)
    : random(seed), ids(clock, random), log_(daemon::Log::silent()) {
  crash();
}

EngineWorld::~EngineWorld() = default;

std::shared_ptr<const engine::Definition> EngineWorld::workflow(const std::string& text,
                                                                const std::string& name) {
  Diagnostics diagnostics;
  auto read =
      read_workflow("/flows/" + name + ".yaml", text, {.catalog = &connectors}, diagnostics);
  if (!read) throw std::runtime_error(diagnostics.render(false));
  std::map<std::string, std::shared_ptr<const Connector>, std::less<>> called;
  for (const auto& used : read->connectors()) called.emplace(used, connectors.find(used));
  auto definition = engine::define(std::move(*read), std::move(called));
  await(definitions().keep({definition})).value();
  workflows_[definition->workflow->name] = definition;
  return definition;
}

Result<std::shared_ptr<const engine::Definition>> EngineWorld::find_workflow(
    const std::string& name) const {
  const auto found = workflows_.find(name);
  if (found == workflows_.end())
    return Error{ErrorCode::not_found, "there is no workflow '" + name + "'", ""};
  return found->second;
}

Result<engine::NotifyTarget> EngineWorld::find_notify_target(const std::string& name) const {
  const auto found = notify_targets.find(name);
  if (found == notify_targets.end())
    return Error{ErrorCode::not_found, "there is no target '" + name + "' to notify", ""};
  return found->second;
}

engine::Start EngineWorld::new_start(const std::shared_ptr<const engine::Definition>& definition,
                                     const std::string& kind) {
  engine::Start start;
  start.id = ids.next<RunId>();
  start.definition = definition;
  start.trigger_kind = kind;
  start.trigger = engine::plain_trigger(kind, Value(), clock.now());
  return start;
}

RunId EngineWorld::start(const std::shared_ptr<const engine::Definition>& definition,
                         Value inputs) {
  engine::Admission admission;
  admission.starts.push_back(new_start(definition));
  admission.starts.back().inputs = std::move(inputs);
  const auto outcome = await(engine().admit(std::move(admission)));
  const auto id = std::get<engine::Admitted>(outcome.value()).runs.at(0);
  settle();
  return id;
}

RunId EngineWorld::start(const std::string& text, Value inputs) {
  return start(workflow(text), std::move(inputs));
}

void EngineWorld::await(asio::awaitable<void> task) {
  bool done = false;
  asio::co_spawn(io(), std::move(task), [&](std::exception_ptr exception) {
    if (exception) std::rethrow_exception(exception);
    done = true;
  });
  while (!done) turn();
}

void EngineWorld::turn() {
  io().restart();
  if (io().poll() == 0) throw std::logic_error("the test waits for what will not happen");
}

void EngineWorld::settle() {
  do {
    io().restart();
  } while (io().poll() > 0);
}

void EngineWorld::pass(Duration time) {
  const auto end = clock.now() + time;
  settle();
  while (daemon_->alarm.when() && *daemon_->alarm.when() <= end) {
    clock.set(std::max(clock.now(), *daemon_->alarm.when()));
    daemon_->alarm.ring();
    settle();
  }
  clock.set(end);
}

void EngineWorld::crash(bool start) {
  daemon_.reset();
  daemon_ = std::make_unique<Daemon>(*this, *log_);
  if (!start) return;
  await(engine().start()).value();
  settle();
}

storage::Run EngineWorld::run(RunId id) {
  return await(store().run(id)).value().value();
}

std::vector<storage::Step> EngineWorld::steps(RunId id) {
  return await(store().steps(id, std::nullopt)).value();
}

storage::Step EngineWorld::step(RunId id, const std::string& key) {
  for (auto& step : steps(id)) {
    if (step.key == key) return step;
  }
  throw std::runtime_error("the run has no step " + key);
}

void EngineWorld::damage_result(RunId id, const std::string& step) {
  auto database =
      storage::Database::open(folder / "tba.db", storage::Database::Mode::read_write).value();
  database.execute("UPDATE steps SET result_json = x'FF00' WHERE run = ? AND key = ?", id, step)
      .value();
}

std::vector<std::string> EngineWorld::log(RunId id) {
  std::vector<std::string> texts;
  for (auto& line : await(store().logs(id, 0, 1000)).value()) texts.push_back(line.text);
  return texts;
}

engine::Engine& EngineWorld::engine() {
  return daemon_->engine;
}
storage::SqliteStore& EngineWorld::store() {
  return *daemon_->store;
}
engine::RunFeed& EngineWorld::feed() {
  return daemon_->feed;
}
engine::Definitions& EngineWorld::definitions() {
  return daemon_->definitions;
}
asio::io_context& EngineWorld::io() {
  return daemon_->io;
}

}  // namespace tba::tests
