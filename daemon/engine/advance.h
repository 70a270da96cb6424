#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/engine/machine.h"
#include "daemon/engine/requests.h"

namespace tba::engine {

/// Carries one event through a run: the inside of advance() (machine.h). It looks at nothing but
/// the state and what it is given.
///
/// A transition first notes what happened to one step, then walks through the lists that the run is
/// at, from the outermost in: what can begin or go on does, and what is being waited for is learnt
/// on the way. Everything that a walk decides follows from the steps' states, so a run that was
/// read back goes on as if it had never left.
class Advance {
 public:
  Advance(Transition& transition, const Surroundings& around);

  void on(const Begin& event);
  void on(const Skip& event);
  void on(const AttemptEnded& event);
  void on(const Due& event);
  void on(const Signalled& event);
  void on(const Recovered& event);
  void on(const TrialOver& event);

 private:
  /// What is done about steps, the later ones leaving less.
  enum class Mode {
    go,
    hold,       ///< A step was interrupted: nothing begins, what waits stays, attempts may end.
    wind_down,  ///< A step beside them failed: nothing begins, what waits ends, attempts may end.
    stop,       ///< The run is to end: attempts are stopped too.
  };

  /// How far a step or a list has come.
  struct Progress {
    bool is_busy = false;                     ///< It waits for something.
    std::optional<storage::Failure> failure;  ///< It has failed, if it is not busy.
  };

  /// A step that has begun.
  struct Underway {
    const Step& step;
    StepState& state;
    const Scope& scope;
  };

  // The run (advance.cc).
  const Workflow& workflow() const { return *state_.definition->workflow; }
  bool is_over() const { return is_final(state_.row.status); }
  bool in_handlers() const { return state_.row.phase != RunPhase::steps; }
  storage::Run& row();
  void proceed();
  Mode mode() const;
  bool timed_out() const;
  bool must_end() const;
  void end_phase(std::optional<storage::Failure> failure);
  void end_steps(std::optional<storage::Failure> failure);
  void handle_failure(storage::Failure failure);
  void end();
  void end_as(RunStatus status);
  void tell_parent();
  void rest();
  void wake_at(Instant instant);
  void take_all(const std::vector<storage::Signal>& signals);
  void take(const storage::Signal& signal);
  void request_cancel();
  void resume(const storage::Signal& signal);
  void resume(StepState& step, std::string_view decision, std::string_view who);
  void restore_env();
  bool is_poison() const;
  void acquit(StepState& step);
  void clear_of_suspicion();

  // Lists of steps, and the steps that hold some (advance_lists.cc).
  Progress work_list(const std::vector<Step>& list, const Scope& scope, Mode mode);
  Progress work_graph(const std::vector<Step>& list, const Scope& scope, Mode mode);
  bool work_ready_steps(const std::vector<Step>& list, const Scope& scope, Mode& mode,
                        Progress& progress);
  bool is_ready(const std::vector<Step>& list, const Step& step, const Scope& scope) const;
  Progress work_step(const Step& step, const Scope& scope, Mode mode);
  Progress progress_of(const Step& step, const StepState& state) const;
  void open(Underway at, Value memo);
  Mode mode_inside(Underway at, Mode mode);
  void note_failure(Underway at, const Progress& progress);
  void close(Underway at, Mode mode, bool is_busy, Value result);
  Value result_of(const std::vector<Step>& list, const Scope& scope) const;
  void go_on(const ParallelStep& parallel, Underway at, Mode mode);
  void go_on(const ForEachStep& loop, Underway at, Mode mode);
  void go_on(const ChooseStep& choose, Underway at, Mode mode);
  void restore_loop(const ForEachStep& step, Underway at);
  bool begin_items(const ForEachStep& step, Underway at, Mode mode);
  static std::string item_prefix(Underway at, std::size_t index);
  bool work_item(const ForEachStep& step, Underway at, std::size_t index, Mode mode);
  void begin(const ParallelStep& parallel, Underway at);
  void begin(const ForEachStep& loop, Underway at);
  void begin(const ChooseStep& choose, Underway at);

  // Lists that come page by page (advance_pages.cc).
  void begin(const PagesStep& step, Underway at);
  void go_on(const PagesStep& step, Underway at, Mode mode);
  StepState* find_page(Underway at, std::int64_t number);
  static std::string page_key(Underway at, std::int64_t number);
  StepState* work_page(const Pages& pages, Underway at, Mode mode, bool& is_busy);
  std::optional<Value> take_page(Underway at, StepState& page);
  void clear_page(StepState& page);
  Value gathered(Underway at);
  static Value first_memo(const Pages& pages);
  void restore_pages(const Pages& pages, Underway at);
  bool work_pages(const ForEachStep& step, Underway at, Mode mode);
  void hold_items(Underway at, const Value& items);
  static Value count_of(Underway at);

  // Steps (advance_steps.cc).
  StepState* begin(const Step& step, const Scope& scope);
  StepState& open_row(const Step& step, std::string key);
  void go_on(Underway at, Mode mode);
  Result<bool> condition(const expression::Mapping& condition, std::string_view key,
                         const std::string& step, const Scope& scope);
  Result<bool> condition(const expression::Mapping& condition, std::string_view key,
                         const std::string& step, const expression::Context& context);
  void succeed(Underway at, Value result);
  void fail(StepState& step, storage::Failure failure);
  void fail(StepState& step, const Error& error);
  void interrupt(StepState& step, std::string why);
  void interrupt_unknown(StepState& step);
  void end_interruption();
  void set(StepState& step, StepStatus status);
  void begin(const SetStep& set, Underway at);
  void begin(const FailStep& fail, Underway at);

  // Attempts (advance_attempts.cc).
  template <class Acting>
  void begin(const Acting&, Underway at) {
    start_attempt(at, 1);
  }
  template <class Acting>
  void go_on(const Acting&, Underway at, Mode mode) {
    go_on_attempt(at, mode);
  }
  void go_on_attempt(Underway at, Mode mode);
  void start_attempt(Underway at, int number);
  Result<Request> request_of(Underway at, std::string& credential);
  Result<Request> notification(const NotifyStep& notify, Underway at, std::string& credential);
  bool ask_for_cache(Underway at, Attempt& attempt);
  void conclude(Underway at, const AttemptOutcome& outcome);
  void conclude_failure(Underway at, const AttemptOutcome& outcome);
  Result<bool> is_to_be_retried(Underway at, const RetryPolicy& policy,
                                const AttemptOutcome& outcome);
  void postpone(StepState& step, const AttemptOutcome& outcome);
  void retry_later(StepState& step, const RetryPolicy& policy, const AttemptOutcome& outcome);
  void keep_in_cache(Underway at);
  void recover(Underway at);
  void give_key(Request& request, const StepState& step);
  Effect effect_of(const Step& step) const;
  bool let_key_expire(Underway at);
  std::optional<std::chrono::milliseconds> key_lifetime(const Step& step) const;

  // Waiting, and sub-runs (advance_waits.cc).
  void begin(const WaitStep& wait, Underway at);
  void begin_timed(const WaitStep& wait, Underway at);
  void begin_event(const WaitStep& wait, Underway at);
  void begin_approval(const WaitStep& wait, Underway at);
  void go_on(const WaitStep& wait, Underway at, Mode mode);
  void take_event(Underway at, const storage::Signal& signal, const Value& data);
  void take_approval(Underway at, const Value& data);
  void begin(const WorkflowStep& workflow, Underway at);
  void go_on(const WorkflowStep& workflow, Underway at, Mode mode);
  void take_sub_run(Underway at, const Value& data);
  void end_wait(Underway at, StepStatus status);

  // What all need (advance.cc).
  Evaluate evaluator(std::string step, const Scope& scope);
  Result<Value> evaluate(const expression::Mapping& mapping, const std::string& step,
                         const Scope& scope);
  Result<Value> evaluate(const expression::Mapping& mapping, const std::string& step,
                         const expression::Context& context);
  void signal(RunId run, std::string_view kind, std::string step, const Value& data);
  void log(const std::string& step, std::string text, std::string_view stream = "engine");
  void log_debug(const std::string& step, std::string_view text);
  void log_debug_line(const std::string& step, std::string_view line);

  Transition& transition_;
  RunState& state_;
  const Surroundings& around_;
  const Scope outside_{};        // of all loops
  int in_flight_ = 0;            // attempts that the walk met
  bool is_held_back_ = false;    // something could not begin: see may_start_attempts
  std::optional<Instant> next_;  // the soonest instant that the walk met
  std::string waited_for_;  // what a step waited for that was ended, to be put behind a message
  std::size_t begun_items_ = 0;  // of loops, in this transition
  std::size_t debug_bytes_ = 0;  // that expressions have logged
};

/// A failure that tells of an error of an expression or the like.
storage::Failure expression_failure(const Error& error, std::string step);

}  // namespace tba::engine
