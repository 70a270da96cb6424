#include "tests/simulation/simulation.h"

#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <sqlite3.h>

#include "daemon/engine/engine.h"
#include "daemon/storage/sqlite_store.h"
#include "shared/connector_reader.h"
#include "shared/diagnostic.h"
#include "shared/workflow_reader.h"
#include "tests/simulation/workflow_generator.h"

namespace tba::simulation {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr Instant kBegin{std::chrono::seconds(1'700'000'000)};
constexpr std::size_t kMostTurns = 300'000;
constexpr Duration kPauseAfterBadStart = 1s;
constexpr auto kGrace = 24h;

/// Longer than anything waits: when nothing has changed for that time, nothing will.
constexpr Duration kRest = 12h;

ConnectorCatalog connector_catalog() {
  Diagnostics diagnostics;
  auto connector = read_connector("far.yaml", kConnectorText, diagnostics);
  if (!connector) throw std::logic_error(diagnostics.render(false));
  ConnectorCatalog catalog;
  catalog.put(std::make_shared<const Connector>(std::move(*connector)));
  return catalog;
}

}  // namespace

/// What a daemon's process holds, and loses when it dies. The engine goes before the executor that
/// holds its coroutines, so none of them goes on.
struct Simulation::Life {
  Life(SimulatedTime& time, int number_) : number(number_), plans(time), alarm(time) {}

  int number;
  asio::io_context io{1};
  Plans plans;
  SimulatedAlarm alarm;
  engine::RunFeed feed;
  std::unique_ptr<storage::SqliteStore> sqlite;
  std::unique_ptr<SabotagedStore> sabotaged_store;
  std::unique_ptr<Observer> observer;
  std::unique_ptr<Outside::Door> door;
  std::unique_ptr<engine::AttemptRunner> sabotaged_door;
  std::unique_ptr<engine::Definitions> definitions;
  std::unique_ptr<engine::Engine> engine;
};

Simulation::Simulation(Scenario scenario, Sabotage sabotage)
    : scenario_(std::move(scenario)),
      sabotage_(std::move(sabotage)),
      time_(kBegin),
      journal_(time_),
      dice_(scenario_.seed + 2),
      disk_(scenario_.seed + 3),
      random_(scenario_.seed + 4),
      ids_(time_, random_),
      connectors_(connector_catalog()),
      ledger_(journal_),
      outside_(time_, ledger_, journal_, scenario_.seed + 5, scenario_.trouble),
      clients_(time_, journal_, scenario_),
      judge_(journal_, ledger_, clients_) {
  daemon::LogOptions options;
  options.level = daemon::LogLevel::warning;
  options.format = daemon::LogFormat::text;
  options.to_stderr = false;
  options.sink = [this](std::string_view line) {
    journal_.note("daemon: {}", without_folder(line.substr(line.find(' ') + 1)));  // nor real time
  };
  log_ = daemon::Log::open(std::move(options)).value();
  disk_.set_fate(this);
  disk_.lie(sabotage_.disk_lies);
  outside_.on_effect = [this] { count(End::When::effect, true, ++counts_.effects); };
}

Simulation::~Simulation() {
  disk_.freeze();
  life_.reset();
}

Verdict Simulation::run() {
  try {
    while (!live() && journal_.complaints().empty()) end_life();
  } catch (const std::exception& error) {
    journal_.complain("this was thrown: {}", error.what());
  }
  verdict_.complaints = journal_.complaints();
  verdict_.journal = journal_.lines();
  verdict_.attempts = ledger_.size();
  return verdict_;
}

// --- one daemon

/// Lets a daemon live; true where it comes to rest, false where it ends before.
bool Simulation::live() {
  life_ = std::make_unique<Life>(time_, ++verdict_.lives);
  counts_ = {};
  has_ended_ = false;
  changed_at_ = time_.now();
  journal_.note("daemon {} starts", life_->number);
  plan_end();
  if (!begin()) {
    if (!is_dead()) die(Crash::process, kPauseAfterBadStart);
    return false;
  }
  while (!is_dead() && !has_ended_) {
    if (time_.now() - changed_at_ < kRest && go_on()) continue;
    judge_.judge_end(*life_->observer, life_->number);
    verdict_.runs = life_->observer->runs().size();
    if (life_->number == 1) verdict_.first_life = counts_;
    return true;
  }
  return false;
}

void Simulation::plan_end() {
  end_.reset();
  const auto index = static_cast<std::size_t>(life_->number) - 1;
  if (index >= scenario_.ends.size()) return;
  end_ = scenario_.ends[index];
  if (end_->when == End::When::time)
    life_->plans.after(end_->time, [this] { die(end_->crash, end_->until_next); });
  if (end_->when == End::When::request) life_->plans.after(end_->time, [this] { stop(); });
}

bool Simulation::begin() {
  if (!open_store()) return false;
  auto& life = *life_;
  judge_.judge_recovery(*life.observer);
  storage::Store& store =
      life.sabotaged_store ? static_cast<storage::Store&>(*life.sabotaged_store) : *life.sqlite;
  engine::AttemptRunner& runner = life.sabotaged_door ? *life.sabotaged_door : *life.door;
  life.definitions = std::make_unique<engine::Definitions>(store);
  workflows_ = read_workflows();
  life.engine = std::make_unique<engine::Engine>(
      engine::Engine::Environment{life.io.get_executor(),
                                  store,
                                  *life.definitions,
                                  time_,
                                  random_,
                                  ids_,
                                  life.alarm,
                                  runner,
                                  life.feed,
                                  *log_,
                                  Value::object({}),
                                  {},
                                  {},
                                  [this](const std::string& name) { return find_workflow(name); }});
  const bool kept = succeeds(life.definitions->keep(workflows_), "keep the workflows");
  if (!kept || !succeeds(life.engine->start(), "start the engine")) return false;
  clients_.connect({life.io.get_executor(), *life.engine, *life.observer, workflows_,
                    [this] { return is_dead(); }});
  return true;
}

bool Simulation::open_store() {
  auto& life = *life_;
  const auto path = folder_ / "tba.db";
  const auto worker = [this] {
    return std::make_unique<SimulatedWorker>(time_, dice_, scenario_.longest_store_delay);
  };
  auto opened = storage::SqliteStore::open(path, time_.now(), worker(), worker());
  if (!opened) {
    const auto why = without_folder(opened.error().message);
    journal_.note("the store cannot be opened: {}", why);
    if (opened.error().code != ErrorCode::unavailable && !is_dead())
      journal_.complain("the store is found unusable: {}", why);
    return false;
  }
  if (is_dead()) return false;
  life.sqlite = std::move(*opened);
  life.observer = std::make_unique<Observer>(path);
  life.door = std::make_unique<Outside::Door>(outside_, *life.observer, life.number,
                                              [this] { return is_dead(); });
  if (sabotage_.concerns_store())
    life.sabotaged_store =
        std::make_unique<SabotagedStore>(*life.sqlite, life.io.get_executor(), sabotage_);
  if (sabotage_.runner) life.sabotaged_door = sabotage_.runner(*life.door);
  return true;
}

/// The files as they are now: sometimes somebody has changed them, and what had begun goes on with
/// the old ones.
std::vector<std::shared_ptr<const engine::Definition>> Simulation::read_workflows() {
  std::vector<std::shared_ptr<const engine::Definition>> definitions;
  for (std::size_t i = 0; i < scenario_.workflows.size(); ++i) {
    auto text = scenario_.workflows[i];
    if (dice_.percent(30)) text += fmt::format("# changed before life {}\n", life_->number);
    Diagnostics diagnostics;
    auto workflow = read_workflow("/flows/" + Clients::name_of(i) + ".yaml", std::move(text),
                                  {.catalog = &connectors_}, diagnostics);
    if (!workflow) throw std::logic_error("a bad workflow was made: " + diagnostics.render(false));
    std::map<std::string, std::shared_ptr<const Connector>, std::less<>> used;
    for (const auto& name : workflow->connectors()) used.emplace(name, connectors_.find(name));
    definitions.push_back(engine::define(std::move(*workflow), std::move(used)));
  }
  return definitions;
}

Result<std::shared_ptr<const engine::Definition>> Simulation::find_workflow(
    const std::string& name) const {
  for (const auto& definition : workflows_) {
    if (definition->workflow->name == name) return definition;
  }
  return Error{ErrorCode::not_found, "there is no workflow '" + name + "'", ""};
}

/// Somebody asks the daemon to end.
void Simulation::stop() {
  if (!life_->engine) return die(Crash::process, end_->until_next);
  journal_.note("daemon {} is asked to stop", life_->number);
  crash_ = end_->crash;
  until_next_ = end_->until_next;
  // Nothing is cut off: the end of the grace would be told by a real clock.
  asio::co_spawn(life_->io, life_->engine->stop(kGrace), [this](std::exception_ptr exception) {
    if (exception) std::rethrow_exception(exception);
    if (!is_dead()) has_ended_ = true;
  });
}

void Simulation::die(Crash crash, Duration until_next) {
  if (is_dead()) return;
  journal_.note("daemon {} dies: {}", life_->number,
                crash == Crash::power ? "the power fails" : "it is killed");
  crash_ = crash;
  until_next_ = until_next;
  disk_.freeze();
}

/// Clears away what has died, and waits until the next daemon is to start.
void Simulation::end_life() {
  journal_.note("daemon {} is gone", life_->number);
  clients_.disconnect();
  life_.reset();
  disk_.thaw(crash_);
  bool is_time = false;
  time_.after(until_next_, [&] { is_time = true; });
  while (!is_time) time_.go_on();
}

// --- what happens next

bool Simulation::go_on() {
  if (++turns_ > kMostTurns) throw std::runtime_error("it does not come to rest");
  life_->io.restart();
  return life_->io.poll_one() > 0 || time_.go_on();
}

/// What the task gives, or nothing where the daemon dies over it.
template <class T>
std::optional<T> Simulation::await(asio::awaitable<T> task) {
  std::optional<T> result;
  asio::co_spawn(life_->io, std::move(task), [&](std::exception_ptr exception, T value) {
    if (exception) std::rethrow_exception(exception);
    result.emplace(std::move(value));
  });
  while (!result && !is_dead()) {
    if (!go_on()) throw std::logic_error("what is awaited never happens");
  }
  return is_dead() ? std::nullopt : std::move(result);
}

bool Simulation::succeeds(asio::awaitable<Result<>> task, std::string_view what) {
  const auto result = await(std::move(task));
  if (!result) return false;
  if (!*result)
    journal_.note("daemon {} cannot {}: {}", life_->number, what,
                  without_folder(result->error().message));
  return result->has_value();
}

/// The text as it is whatever the folder is called.
std::string Simulation::without_folder(std::string_view text) const {
  const auto folder = folder_.path().string();
  std::string without(text);
  if (const auto at = without.find(folder); at != std::string::npos)
    without.erase(at, folder.size());
  return without;
}

// --- what becomes of the disk

int Simulation::before(DiskOperation operation) {
  if (operation == DiskOperation::write) count(End::When::write, false, counts_.writes + 1);
  if (operation == DiskOperation::sync) count(End::When::sync, false, counts_.syncs + 1);
  const auto now = time_.now() - kBegin;
  for (const auto& trouble : scenario_.disk_troubles) {
    const auto concerned = trouble.concerns_syncs ? DiskOperation::sync : DiskOperation::write;
    if (operation != concerned || now < trouble.at || now >= trouble.at + trouble.lasts) continue;
    if (trouble.is_full) return SQLITE_FULL;
    return trouble.concerns_syncs ? SQLITE_IOERR_FSYNC : SQLITE_IOERR_WRITE;
  }
  return SQLITE_OK;
}

void Simulation::after(DiskOperation operation) {
  if (operation == DiskOperation::write) count(End::When::write, true, ++counts_.writes);
  if (operation == DiskOperation::sync) count(End::When::sync, true, ++counts_.syncs);
  changed_at_ = time_.now();
}

void Simulation::count(End::When when, bool after, std::uint64_t so_far) {
  if (!end_ || end_->when != when || so_far != end_->count) return;
  if (when == End::When::effect || end_->after == after) die(end_->crash, end_->until_next);
}

}  // namespace tba::simulation
