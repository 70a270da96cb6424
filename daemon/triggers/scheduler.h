#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "daemon/engine/alarm.h"
#include "daemon/engine/engine.h"
#include "daemon/log.h"
#include "daemon/storage/store.h"
#include "daemon/task_group.h"
#include "daemon/triggers/catch_up.h"
#include "daemon/workflows.h"
#include "shared/clock.h"
#include "shared/schedule.h"
#include "shared/uuid.h"

namespace tba::triggers {

/// Starts a run for each slot of each schedule. The slot is a row, made in the commit that makes
/// the run: it starts one run, whoever restarts when, and however many daemons there are. The slots
/// of a schedule are taken one after the other, in their order; which are left out where several
/// have passed unseen is decided in catch_up.h.
class Scheduler {
 public:
  /// What it needs from outside; all must outlive it.
  struct Environment {
    boost::asio::any_io_executor executor;  ///< One handler at a time; the alarm's.
    const daemon::Workflows& workflows;
    engine::Engine& engine;
    storage::Store& store;
    engine::Alarm& alarm;
    const Clock& clock;
    UuidGenerator& ids;
    daemon::Log& log;
  };

  explicit Scheduler(Environment environment);

  /// Takes up the schedules of the present workflows; again after they were read anew. May be
  /// awaited from any executor.
  boost::asio::awaitable<void> refresh();

  /// Fires nothing any more; completes when what is being fired is stored.
  boost::asio::awaitable<void> stop();

  struct Entry {
    std::string workflow;
    std::size_t trigger = 0;      ///< Its place among the workflow's triggers.
    std::string schedule;         ///< As people read it.
    std::string timezone;         ///< Whose clock it goes by.
    std::optional<Instant> last;  ///< The last slot that had a run.
    std::optional<Instant> next;
    std::optional<Instant> due_at;  ///< When `next` fires: its jitter later.
  };
  /// What is scheduled, by workflow. Callable from any thread.
  std::vector<Entry> entries() const;

 private:
  struct Job {
    Job(const std::string& workflow_name, std::size_t trigger_place,
        const ScheduleTrigger& trigger_settings);

    std::string key;  ///< schedule_key()
    std::string workflow;
    std::size_t trigger;
    ScheduleTrigger settings;
    Instant passed;  ///< All slots up to here are dealt with.
    std::optional<Instant> last;
    std::optional<Instant> next;              ///< The first slot after `passed`.
    Instant not_before = Instant::min();      ///< When it is looked at again, if not now.
    bool is_firing = false;                   ///< `next` is being stored.
    std::optional<Instant> waiting_reported;  ///< The slot of which it was said that it waits.

    void pass(Instant slot);
    /// When its next slot fires.
    std::optional<Instant> due_at() const;
  };

  /// A slot that is fired, and its run.
  struct Due {
    std::string key;
    Instant slot;
    engine::Start start;
  };
  using Marks = std::map<std::string, storage::ScheduleMark>;  // by key

  boost::asio::awaitable<void> refresh_here();
  boost::asio::awaitable<Marks> marks();
  boost::asio::awaitable<void> remember(std::vector<std::string> keys, Instant seen_at);
  std::vector<Job> present_jobs() const;
  boost::asio::awaitable<void> stop_here();
  void set_alarm();
  void ring();
  std::optional<Due> look(Job& job, Instant now);
  void go_on(Job& job, Instant now, Presence presence);
  void wait_for_workflow(Job& job, const daemon::LoadedWorkflow& loaded, Instant now);
  boost::asio::awaitable<void> fire(std::string key, Instant slot, engine::Start start);
  void settle(const std::string& key, Instant slot,
              const Result<engine::AdmissionOutcome>& outcome);
  engine::Start new_run(const daemon::LoadedWorkflow& loaded, Instant slot) const;

  Environment environment_;
  daemon::TaskGroup tasks_;
  bool stopping_ = false;
  mutable std::mutex mutex_;  // guards jobs_, which only the executor changes
  std::vector<Job> jobs_;
};

}  // namespace tba::triggers
