#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "daemon/engine/alarm.h"
#include "daemon/engine/attempt.h"
#include "daemon/engine/definitions.h"
#include "daemon/engine/end_listener.h"
#include "daemon/engine/machine.h"
#include "daemon/engine/places.h"
#include "daemon/engine/retried_run.h"
#include "daemon/engine/run_feed.h"
#include "daemon/engine/run_state.h"
#include "daemon/engine/timers.h"
#include "daemon/engine/trials.h"
#include "daemon/log.h"
#include "daemon/storage/store.h"
#include "daemon/task_group.h"
#include "shared/error.h"

namespace tba::engine {

/// What makes runs: stored together with them, or not at all.
struct Admission {
  std::optional<storage::Delivery> delivery;
  std::optional<storage::ScheduleSlot> slot;
  std::optional<storage::Event> event;  ///< Reaches the steps that wait for it after the commit.
  std::vector<storage::Write> beside;   ///< What else: the items of a poll, how far it has come.
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
/// The slot has its run already, or an item of the poll.
struct SlotTaken {};

using AdmissionOutcome = std::variant<Admitted, AlreadyAdmitted, SlotTaken>;

/// The definition of a workflow that may be run now. Errors: `not_found`; `unavailable` where it is
/// held.
using FindWorkflow =
    std::function<Result<std::shared_ptr<const Definition>>(const std::string& name)>;

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
    UuidGenerator& ids;
    Alarm& alarm;
    AttemptRunner& runner;
    RunFeed& feed;
    daemon::Log& log;
    Value vars;                           ///< `.vars`
    expression::Budget budget;            ///< Of each expression.
    FindNotifyTarget find_notify_target;  ///< Called on the executor.
    FindWorkflow find_workflow;           ///< For sub-runs; called on the executor.
  };

  explicit Engine(Environment environment);
  ~Engine();

  /// What the end of each run brings about is stored together with it. To be called before any
  /// ends; the listener must outlive every other use.
  void listen(EndListener& listener) { end_listener_ = &listener; }

  /// Takes over every unfinished run of the store and goes on with it.
  boost::asio::awaitable<Result<>> start();

  /// Admits nothing any more and begins no attempt. Attempts in flight get `grace` to end, then are
  /// cut off, as if the daemon had died: the next start decides about them. Completes when nothing
  /// is in flight.
  boost::asio::awaitable<void> stop(std::chrono::milliseconds grace);

  /// Stores the runs, with what made them, and begins them. Completes after the commit. Errors:
  /// `unavailable` while stopping; those of the store.
  boost::asio::awaitable<Result<AdmissionOutcome>> admit(Admission admission);

  /// Asks the run to end, and gives its status of that moment. Completes when that is on disk.
  /// Errors: `not_found`; `conflict` where it is over.
  boost::asio::awaitable<Result<RunStatus>> cancel(RunId id);

  /// Says how a run goes on that was interrupted: with that step, or with every one that was where
  /// none is named. Completes when that is on disk. Errors: `not_found`; `conflict` where the run,
  /// or the step, does not wait for a decision.
  enum class Decision { repeat, skip, fail };
  boost::asio::awaitable<Result<>> resume(RunId id, std::string step, Decision decision,
                                          std::string by);

  /// Tries a run that is over anew, by a new run; gives its id. Completes when that is on disk.
  /// Errors: `not_found` for the run, or its step; `conflict` where the run is not over, cannot
  /// begin at that step, or was started by a delivery that is no longer kept; `invalid` where the
  /// workflow's latest version does not take its inputs; those of finding that version; of admit().
  boost::asio::awaitable<Result<RunId>> retry(RunId id, RetryRequest request);

  /// Decides about a step that waits for an approval; the only one that does where none is named.
  struct Verdict {
    bool is_approved = false;
    std::string by;
    std::string comment;  ///< Or empty.
  };
  /// Completes when that is on disk. Errors: `not_found`; `conflict` where nothing, or more than
  /// one step, waits for an approval; `denied` where others were asked.
  boost::asio::awaitable<Result<>> decide(RunId id, std::string step, Verdict verdict);

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
  /// Which version of the workflow a run has that waits for its turn, by what it waits for.
  using QueuedVersions = std::map<Places::Key, storage::VersionHash>;

  // Its life, and what is asked of it (engine.cc, engine_requests.cc).
  template <class T>
  boost::asio::awaitable<T> here(boost::asio::awaitable<T> task);
  boost::asio::awaitable<Result<>> recover();
  boost::asio::awaitable<Result<>> recover_runs();
  boost::asio::awaitable<Result<>> recover_signals();
  boost::asio::awaitable<void> stop_here(std::chrono::milliseconds grace);
  boost::asio::awaitable<Result<AdmissionOutcome>> admit_here(Admission admission);
  std::vector<ActivePointer> prepare(std::vector<Start> starts, storage::Change& change);
  void follow(Active& run, Transition& transition, storage::Change& change);
  std::optional<EventId> add_consequences(const storage::Run& ended, storage::Change& change,
                                          std::vector<ActivePointer>& starts);
  Transition first_transition(RunState state, std::vector<RunId>& cancelled);
  Result<std::string> limit_key(const RunState& state) const;
  void update_place(const ActivePointer& run);
  void give_places(const std::vector<RunId>& runs);
  boost::asio::awaitable<void> give_place_of(const storage::Run& row);
  boost::asio::awaitable<std::size_t> limit_of(const storage::VersionHash& version);
  boost::asio::awaitable<Result<QueuedVersions>> recover_places();
  boost::asio::awaitable<void> recover_turns(QueuedVersions queued);
  std::vector<RunId> begin(std::vector<ActivePointer> runs);
  void drop(const std::vector<ActivePointer>& runs);
  boost::asio::awaitable<void> tell_of_event(EventId event);
  boost::asio::awaitable<Result<RunStatus>> cancel_here(RunId id);
  boost::asio::awaitable<Result<>> resume_here(RunId id, std::string step, Decision decision,
                                               std::string by);
  boost::asio::awaitable<Result<RunId>> retry_here(RunId id, RetryRequest request);
  boost::asio::awaitable<Result<>> decide_here(RunId id, std::string step, Verdict verdict);
  storage::Signal signal_of(RunId id, std::string_view kind, std::string step, const Value& data);
  boost::asio::awaitable<Result<>> signal(RunId id, std::string_view kind, std::string step,
                                          Value data);
  boost::asio::awaitable<Result<storage::Run>> unfinished_run(RunId id);
  boost::asio::awaitable<Result<expression::Context>> recorded_context_here(RunId id,
                                                                            std::string step);

  // Runs that go on (engine_runs.cc).
  Surroundings surroundings_of(RunId run) const;
  ActivePointer active(RunId id);
  void happen(RunId id, Event event);
  void deliver(RunId id);
  void wake(RunId id);
  void drive_soon(const ActivePointer& run);
  boost::asio::awaitable<void> drive(ActivePointer run);
  boost::asio::awaitable<void> drive_on(ActivePointer run);
  boost::asio::awaitable<bool> take_signals(ActivePointer run);
  boost::asio::awaitable<Result<>> hear_of_before(ActivePointer run);
  static bool must_hear(const Active& run);
  void apply_next(Active& run);
  enum class Extent { needed, whole };
  boost::asio::awaitable<Result<RunState>> load(RunId id, Extent extent);
  boost::asio::awaitable<Result<RunState>> read_back(std::shared_ptr<const Definition> definition,
                                                     storage::Run row, Reads reads);
  boost::asio::awaitable<void> put_off(ActivePointer run, Error why);
  boost::asio::awaitable<Result<>> set_aside(ActivePointer run, std::string why);
  boost::asio::awaitable<void> interrupt_attempts(storage::Run& row, storage::Change& change);
  boost::asio::awaitable<bool> store_pending(ActivePointer run);
  static void abandon(Active& run);
  void stored(const ActivePointer& run);
  void settle(const ActivePointer& run);
  bool is_due_soon(const RunState& state) const;
  void forget(const ActivePointer& run);

  // Attempts (engine_attempts.cc).
  void carry_out(const ActivePointer& run, std::vector<Command> commands);
  void start_attempt(const ActivePointer& run, Attempt attempt);
  void stop_attempt(Active& run, const std::string& step);
  boost::asio::awaitable<void> fly(ActivePointer run, std::shared_ptr<Flight> flight,
                                   Attempt attempt);
  boost::asio::awaitable<std::optional<AttemptOutcome>> cached(const Attempt& attempt);
  boost::asio::awaitable<AttemptOutcome> perform(ActivePointer run, std::shared_ptr<Flight> flight,
                                                 Attempt attempt);
  void land(const ActivePointer& run, const std::shared_ptr<Flight>& flight,
            AttemptOutcome outcome);
  void add_line(const ActivePointer& run, const std::string& step, std::string_view stream,
                std::string_view text);
  boost::asio::awaitable<void> store_lines(ActivePointer run);

  // Runs that may have ended the daemon (engine_trials.cc).
  boost::asio::awaitable<void> try_next();
  boost::asio::awaitable<void> put_on_trial(Trials::Group group);
  void end_trial();
  void leave_trial(RunId run);
  bool is_silent() const;
  void listen_for_silence();
  void let_go_on();

  // Time (engine_time.cc).
  void wait_until(Instant instant, RunId id);
  void arm(Active& run);
  boost::asio::awaitable<void> look_ahead();
  void set_alarm();
  void ring();
  void enforce_limits(RunId id, Instant now);
  void count();

  Environment environment_;
  std::unordered_map<RunId, ActivePointer> active_;
  Timers waits_;   // of runs, and of changes that could not be stored
  Timers limits_;  // of attempts in flight; void once these are gone
  storage::Parked known_until_{Instant::min(), RunId()};  // waits_ has the parked runs up to there
  Instant look_again_at_ = Instant::min();                // not before, because the store failed
  bool is_looking_ahead_ = false;
  bool is_behind_ = false;  // there were too many runs in memory to look ahead
  std::optional<Instant> alarm_at_;
  daemon::TaskGroup tasks_;
  Places places_;
  Trials trials_;
  std::optional<Instant> trial_until_;  // when those on trial have been given time enough
  std::optional<Trials::Group> awaiting_silence_;  // on trial once nothing else acts
  bool is_hushed_ = false;                         // only who is on trial may begin an attempt
  std::set<RunId> held_back_;                      // runs that go on when that is over
  bool is_crash_counted_ = false;                  // whether the end of this daemon may be forgiven
  std::size_t flights_ = 0;                        // attempts
  EndListener* end_listener_ = nullptr;
  bool stopping_ = false;
  bool cut_off_ = false;  // the grace is over: what still lands is not recorded
  std::atomic<std::size_t> active_count_ = 0;
  std::atomic<std::size_t> waiting_count_ = 0;
};

}  // namespace tba::engine
