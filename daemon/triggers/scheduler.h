#pragma once

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
#include "daemon/workflows.h"
#include "shared/clock.h"
#include "shared/schedule.h"
#include "shared/uuid.h"

namespace tba::triggers {

/// Starts a run for each slot of each schedule. The slot is a row, made in the commit that makes
/// the run: it starts one run, whoever restarts when. Slots that pass while no daemon runs, or
/// while the workflow is held, are left out.
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
    std::string schedule;         ///< As written.
    std::optional<Instant> last;  ///< The last slot that had a run.
    std::optional<Instant> next;
  };
  /// What is scheduled, by workflow. Callable from any thread.
  std::vector<Entry> entries() const;

 private:
  struct Job {
    std::string key;  ///< ScheduleSlot::schedule
    std::string workflow;
    std::size_t trigger = 0;
    Schedule schedule;
    std::optional<Instant> last;
    std::optional<Instant> next;
    Instant not_before = Instant::min();  ///< When a slot that could not be stored is tried again.

    /// When there is something to do for it.
    std::optional<Instant> due_at() const {
      return next ? std::optional(std::max(*next, not_before)) : std::nullopt;
    }
  };

  boost::asio::awaitable<void> refresh_here();
  boost::asio::awaitable<void> stop_here();
  void set_alarm();
  void ring();
  boost::asio::awaitable<void> fire(std::string key, std::string workflow, Instant slot);
  void try_again(const std::string& key, Instant slot);
  void keep_what_is_due(std::vector<Job>& jobs) const;

  Environment environment_;
  daemon::TaskGroup tasks_;
  bool stopping_ = false;
  mutable std::mutex mutex_;  // guards jobs_, which only the executor changes
  std::vector<Job> jobs_;
};

}  // namespace tba::triggers
