#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "daemon/engine/alarm.h"
#include "daemon/engine/attempt.h"
#include "daemon/engine/definitions.h"
#include "daemon/engine/machine.h"
#include "daemon/engine/run_feed.h"
#include "daemon/engine/run_state.h"
#include "daemon/engine/timers.h"
#include "daemon/log.h"
#include "daemon/storage/store.h"
#include "daemon/task_group.h"
#include "shared/error.h"

namespace tba::engine {

/// What makes runs: stored together with them, or not at all.
struct Admission {
  std::optional<storage::Delivery> delivery;
  std::optional<storage::ScheduleSlot> slot;
  std::vector<Start> starts;
};

struct Admitted {
  std::vector<RunId> runs;
};
/// The delivery was accepted before.
struct AlreadyAdmitted {
  DeliveryId delivery;
  std::vector<RunId> runs;
};
/// The slot has its run already.
struct SlotTaken {};

using AdmissionOutcome = std::variant<Admitted, AlreadyAdmitted, SlotTaken>;

/// Owns the runs that are being worked on: applies what happens to them (machine.h), stores the
/// outcome, and has the commands carried out once they are on disk. A run that waits is only a row
/// and a timer.
///
/// Its state lives on one executor, which runs one handler at a time; the public coroutines may be
/// awaited from any other and complete there.
class Engine {
 public:
  /// Everything it needs from outside; all must outlive it.
  struct Environment {
    boost::asio::any_io_executor executor;
    storage::Store& store;
    Definitions& definitions;
    const Clock& clock;
    Random& random;
    Alarm& alarm;
    AttemptRunner& runner;
    RunFeed& feed;
    daemon::Log& log;
    Value vars;                 ///< `.vars`
    expression::Budget budget;  ///< Of each expression.
  };

  explicit Engine(Environment environment);
  ~Engine();

  /// Takes over every unfinished run of the store and goes on with it.
  boost::asio::awaitable<Result<>> start();

  /// Admits nothing any more and begins no attempt. Attempts in flight get `grace` to end, then are
  /// cut off, as if the daemon had died: the next start decides about them. Completes when nothing
  /// is in flight.
  boost::asio::awaitable<void> stop(std::chrono::milliseconds grace);

  /// Stores the runs, with what made them, and begins them. Completes after the commit. Errors:
  /// `unavailable` while stopping; those of the store.
  boost::asio::awaitable<Result<AdmissionOutcome>> admit(Admission admission);

  /// Asks the run to end, and gives its status of that moment. Errors: `not_found`; `conflict`
  /// where it is over.
  boost::asio::awaitable<Result<RunStatus>> cancel(RunId id);

  /// What the expressions of a step read when it began, as far as it is recorded: vars are those of
  /// the present configuration, and the workflow's env is evaluated anew. Without a step, what
  /// there is in the end, or now. Errors: `not_found` for the run or the step; `conflict` where the
  /// run has not come to the step.
  boost::asio::awaitable<Result<expression::Context>> recorded_context(RunId id, std::string step);

  /// What each expression may use.
  const expression::Budget& budget() const { return environment_.budget; }

  struct Statistics {
    std::size_t active = 0;   ///< Runs in memory.
    std::size_t waiting = 0;  ///< Runs that wait for an instant.
  };
  Statistics statistics() const { return {active_count_, waiting_count_}; }

 private:
  struct Flight;
  struct Active;
  using ActivePointer = std::shared_ptr<Active>;

  boost::asio::awaitable<Result<>> recover();
  boost::asio::awaitable<Result<AdmissionOutcome>> admit_here(Admission admission);
  boost::asio::awaitable<Result<RunStatus>> cancel_here(RunId id);
  boost::asio::awaitable<Result<expression::Context>> recorded_context_here(RunId id,
                                                                            std::string step);
  boost::asio::awaitable<void> stop_here(std::chrono::milliseconds grace);

  Surroundings surroundings() const;
  void happen(RunId id, Event event);
  void wake(RunId id);
  boost::asio::awaitable<void> drive(ActivePointer run);
  boost::asio::awaitable<void> drive_on(ActivePointer run);
  void apply_next(Active& run);
  enum class Extent { needed, whole };
  boost::asio::awaitable<Result<RunState>> load(RunId id, Extent extent);
  boost::asio::awaitable<void> put_off(ActivePointer run, Error why);
  boost::asio::awaitable<Result<>> set_aside(ActivePointer run, std::string why);
  boost::asio::awaitable<bool> store_pending(ActivePointer run);
  static void abandon(Active& run);
  void settle(const ActivePointer& run);
  void forget(const ActivePointer& run);

  void carry_out(const ActivePointer& run, std::vector<Command> commands);
  void start_attempt(const ActivePointer& run, Attempt attempt);
  void stop_attempt(Active& run, const std::string& step);
  boost::asio::awaitable<void> fly(ActivePointer run, std::shared_ptr<Flight> flight,
                                   Attempt attempt);
  void land(const ActivePointer& run, const std::shared_ptr<Flight>& flight,
            AttemptOutcome outcome);
  void add_line(const ActivePointer& run, const std::string& step, std::string_view stream,
                std::string_view text);
  boost::asio::awaitable<void> store_lines(ActivePointer run);

  void set_alarm();
  void ring();
  void enforce_limits(RunId id, Instant now);
  void count();

  Environment environment_;
  std::unordered_map<RunId, ActivePointer> active_;
  Timers waits_;   // of runs that are parked, and of changes that could not be stored
  Timers limits_;  // of attempts in flight and of runs in memory; void once these are gone
  std::optional<Instant> alarm_at_;
  daemon::TaskGroup tasks_;
  bool stopping_ = false;
  bool cut_off_ = false;  // the grace is over: what still lands is not recorded
  std::atomic<std::size_t> active_count_ = 0;
  std::atomic<std::size_t> waiting_count_ = 0;
};

}  // namespace tba::engine
