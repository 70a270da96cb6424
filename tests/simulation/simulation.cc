#include "tests/simulation/simulation.h"

#include <algorithm>
#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <sqlite3.h>

#include "daemon/storage/sqlite_store.h"
#include "tests/simulation/workflow_generator.h"

namespace tba::simulation {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr Instant kBegin{std::chrono::seconds(1'700'000'000)};
constexpr const char* kDatabase = "tba.db";
constexpr std::size_t kMostTurns = 1'000'000;
constexpr Duration kPauseAfterBadStart = 1s;
constexpr auto kGrace = 24h;

/// How long schedules fire after people want nothing any more.
constexpr Duration kSchedulesGoOn = 2h + 7min;

/// How often runs may end the daemon before they are set aside, without anybody who wants them to
/// go on.
constexpr std::size_t kMostOfPoison = 20;

/// How often people have to be asked until nothing is left to ask, at most.
constexpr int kMostAsked = 1000;

}  // namespace

Simulation::Simulation(Scenario scenario, Sabotage sabotage)
    : scenario_(std::move(scenario)),
      sabotage_(std::move(sabotage)),
      time_(kBegin),
      journal_(time_),
      dice_(scenario_.seed + 2),
      disk_(scenario_.seed + 3),
      random_(scenario_.seed + 4),
      ids_(time_, random_),
      clients_(time_, journal_, requests_, ids_, scenario_),
      ledger_(journal_,
              [this](RunId run, const std::string& step) {
                return people_.count_decisions({run, step}, engine::Engine::Decision::repeat);
              }),
      people_(time_, journal_, requests_, scenario_, [this] { return ledger_.size(); }),
      outside_(time_, ledger_, journal_, scenario_.seed + 5, scenario_.trouble),
      judge_(journal_, ledger_, clients_, people_, history_) {
  daemon::LogOptions options;
  options.level = daemon::LogLevel::warning;
  options.format = daemon::LogFormat::text;
  options.to_stderr = false;
  options.sink = [this](std::string_view line) {
    journal_.note("daemon: {}", line.substr(line.find(' ') + 1));  // without the real time
  };
  log_ = daemon::Log::open(std::move(options)).value();
  disk_.set_fate(this);
  disk_.lie(sabotage_.disk_lies);
  outside_.on_begin = [this] { judge_.judge_moment(life_->observer()); };
  outside_.on_effect = [this] { count(End::When::effect, true, ++counts_.effects); };
  outside_.on_poison = [this] { die_of_poison(); };
  for (const auto& change : scenario_.clock_changes) {
    if (change.forward < Duration(0)) rest_ -= change.forward;
    time_.after(change.at, [this, change] { apply(change); });
  }
  folder_.write(std::string(Life::kConnectors) + "/far.yaml", kConnectorText);
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
  life_ = std::make_unique<Life>(
      Life::World{time_, random_, ids_, *log_, outside_, sabotage_, [this] { return is_dead(); }},
      ++verdict_.lives);
  history_.present = life_->number();
  people_.meet(life_->number());
  counts_ = {};
  is_asked_to_end_ = has_ended_ = false;
  changed_at_ = time_.passed();
  journal_.note("daemon {} starts", life_->number());
  plan_end();
  if (!begin()) {
    if (!is_dead()) die(Crash::process, kPauseAfterBadStart);
    return false;
  }
  while (!is_dead() && !has_ended_) {
    if (time_.passed() - changed_at_ < rest_ && go_on()) continue;
    if (ask_people()) continue;
    judge_end();
    return true;
  }
  return false;
}

void Simulation::plan_end() {
  end_.reset();
  const auto index = static_cast<std::size_t>(life_->number()) - 1;
  if (index >= scenario_.ends.size()) return;
  end_ = scenario_.ends[index];
  if (end_->when == End::When::time)
    life_->plans().after(end_->time, [this] { die(end_->crash, end_->until_next); });
  if (end_->when == End::When::request) life_->plans().after(end_->time, [this] { stop(); });
}

bool Simulation::begin() {
  if (!open_store()) return false;
  judge_.judge_recovery(life_->observer());
  history_.under_way.push_back(life_->observer().runs({RunStatus::running}).size());
  write_workflows();
  const bool fires = !history_.schedules_end_at;
  if (!succeeds(life_->begin(fires), "begin")) return false;
  history_.lives.push_back({time_.now(), std::nullopt});
  requests_.connect(life_->daemon());
  if (fires) {
    let_schedules_go_on(std::max(scenario_.horizon - time_.passed(), Duration(0)) + kSchedulesGoOn);
    stop_schedules();
  }
  return true;
}

bool Simulation::open_store() {
  const auto worker = [this] {
    return std::make_unique<SimulatedWorker>(time_, dice_, scenario_.longest_store_delay);
  };
  auto opened = storage::SqliteStore::open(kDatabase, time_.now(), worker(), worker());
  if (!opened) {
    journal_.note("the store cannot be opened: {}", opened.error().message);
    if (opened.error().code != ErrorCode::unavailable && !is_dead())
      journal_.complain("the store is found unusable: {}", opened.error().message);
    return false;
  }
  if (is_dead()) return false;
  life_->take(std::move(*opened), kDatabase);
  return true;
}

/// The files as they are now: sometimes somebody has changed them, and what had begun goes on with
/// the old ones.
void Simulation::write_workflows() {
  for (std::size_t i = 0; i < scenario_.workflows.size(); ++i) {
    auto text = scenario_.workflows[i];
    if (dice_.percent(30)) text += fmt::format("# changed before life {}\n", life_->number());
    folder_.write(fmt::format("{}/{}.yaml", Life::kWorkflows, workflow_name(i)), text);
  }
}

/// Somebody asks the daemon to end.
void Simulation::stop() {
  journal_.note("daemon {} is asked to stop", life_->number());
  is_asked_to_end_ = true;
  leave_history();
  crash_ = end_->crash;
  until_next_ = end_->until_next;
  // Nothing is cut off: the end of the grace would be told by a real clock.
  asio::co_spawn(life_->io(), life_->stop(kGrace), [this](std::exception_ptr exception, Result<>) {
    if (exception) std::rethrow_exception(exception);
    if (!is_dead()) has_ended_ = true;
  });
}

void Simulation::let_schedules_go_on(Duration span) {
  schedules_until_ = std::max(schedules_until_, time_.passed() + span);
}

/// When it is time to, so that there is an end to what happens.
void Simulation::stop_schedules() {
  if (is_asked_to_end_) return;
  if (time_.passed() < schedules_until_)
    return life_->plans().after(schedules_until_ - time_.passed(), [this] { stop_schedules(); });
  asio::co_spawn(life_->io(), life_->stop_schedules(),
                 [this, at = time_.now()](std::exception_ptr exception, Result<>) {
                   if (exception) std::rethrow_exception(exception);
                   if (!is_dead()) history_.schedules_end_at = at;
                 });
}

void Simulation::die(Crash crash, Duration until_next) {
  if (is_dead()) return;
  journal_.note("daemon {} dies: {}", life_->number(),
                crash == Crash::power ? "the power fails" : "it is killed");
  crash_ = crash;
  until_next_ = until_next;
  disk_.freeze();
}

/// A run has ended the daemon, once more. It must not be able to for ever.
void Simulation::die_of_poison() {
  const auto most = kMostOfPoison * (1 + people_.decisions().size());
  if (++poisoned_ > most) journal_.complain("a run has ended the daemon {} times", poisoned_);
  die(Crash::process, dice_.span(1ms, 1min));
}

void Simulation::apply(const ClockChange& change) {
  history_.clock_was_set = true;
  history_.clock_was_put_back |= change.forward < Duration(0);
  if (change.while_asleep) {
    time_.sleep(change.forward);
  } else {
    time_.set_clock(change.forward);
  }
  changed_at_ = time_.passed();
  let_schedules_go_on(kSchedulesGoOn);  // what was missed is made up for
  journal_.note("{}", described(change));
}

/// From now on the daemon is no more there for anybody.
void Simulation::leave_history() {
  if (!history_.lives.empty() && !history_.lives.back().gone_at)
    history_.lives.back().gone_at = time_.now();
}

/// Clears away what has died, and waits until the next daemon is to start.
void Simulation::end_life() {
  journal_.note("daemon {} is gone", life_->number());
  leave_history();
  requests_.disconnect();
  life_.reset();
  disk_.thaw(crash_);
  bool is_time = false;
  time_.after(until_next_, [&] { is_time = true; });
  while (!is_time) time_.go_on();
}

// --- what happens next

bool Simulation::go_on() {
  if (++turns_ > kMostTurns) throw std::runtime_error("it does not come to rest");
  life_->io().restart();
  return life_->io().poll_one() > 0 || time_.go_on();
}

/// When nothing happens by itself any more people say what they are waited for; false where there
/// is nothing to say.
bool Simulation::ask_people() {
  if (asked_people_ == 0) {
    judge_.judge_pause(life_->observer());
  } else {
    judge_.judge_answers(life_->observer());
  }
  if (!journal_.complaints().empty()) return false;
  if (++asked_people_ > kMostAsked) throw std::runtime_error("runs ask for ever");
  outside_.calm_down();
  changed_at_ = time_.passed();
  return people_.answer_everything();
}

void Simulation::judge_end() {
  judge_.judge_end(life_->observer(), life_->workflows());
  verdict_.runs = life_->observer().runs().size();
  if (life_->number() == 1) verdict_.first_life = counts_;
}

/// What the task gives, or nothing where the daemon dies over it.
template <class T>
std::optional<T> Simulation::await(asio::awaitable<T> task) {
  std::optional<T> result;
  asio::co_spawn(life_->io(), std::move(task), [&](std::exception_ptr exception, T value) {
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
    journal_.note("daemon {} cannot {}: {}", life_->number(), what, result->error().message);
  return result->has_value();
}

// --- what becomes of the disk

int Simulation::before(DiskOperation operation) {
  if (operation == DiskOperation::write) count(End::When::write, false, counts_.writes + 1);
  if (operation == DiskOperation::sync) count(End::When::sync, false, counts_.syncs + 1);
  const auto now = time_.passed();
  for (const auto& trouble : scenario_.disk_troubles) {
    const auto concerned = trouble.concerns_syncs ? DiskOperation::sync : DiskOperation::write;
    if (operation != concerned || now < trouble.at || now >= trouble.at + trouble.lasts) continue;
    history_.disk_failed = true;
    if (trouble.is_full) return SQLITE_FULL;
    return trouble.concerns_syncs ? SQLITE_IOERR_FSYNC : SQLITE_IOERR_WRITE;
  }
  return SQLITE_OK;
}

void Simulation::after(DiskOperation operation) {
  if (operation == DiskOperation::write) count(End::When::write, true, ++counts_.writes);
  if (operation == DiskOperation::sync) count(End::When::sync, true, ++counts_.syncs);
  changed_at_ = time_.passed();
}

void Simulation::count(End::When when, bool after, std::uint64_t so_far) {
  if (!end_ || end_->when != when || so_far != end_->count) return;
  if (when == End::When::effect || end_->after == after) die(end_->crash, end_->until_next);
}

}  // namespace tba::simulation
