#include "daemon/triggers/scheduler.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/triggers/inputs.h"

namespace tba::triggers {

namespace asio = boost::asio;

/// How long to wait before a slot that could not be stored is tried again.
constexpr std::chrono::seconds kRetry{1};

Scheduler::Scheduler(Environment environment)
    : environment_(std::move(environment)),
      tasks_(environment_.executor, environment_.log, "the scheduler") {}

asio::awaitable<void> Scheduler::refresh() {
  return asio::co_spawn(environment_.executor, refresh_here(), asio::use_awaitable);
}

asio::awaitable<void> Scheduler::stop() {
  return asio::co_spawn(environment_.executor, stop_here(), asio::use_awaitable);
}

asio::awaitable<void> Scheduler::refresh_here() {
  const auto set = environment_.workflows.current();
  std::vector<Job> jobs;
  for (const auto& [name, loaded] : set->workflows) {
    const auto& triggers = loaded.definition->workflow->triggers;
    for (std::size_t index = 0; index < triggers.size(); ++index) {
      const auto* trigger = std::get_if<ScheduleTrigger>(&triggers[index]);
      if (!trigger) continue;
      Job job{name + "/" + std::to_string(index),
              name,
              index,
              trigger->schedule,
              std::nullopt,
              std::nullopt,
              Instant::min()};
      const auto last = co_await environment_.store.last_slot(job.key);
      if (last) job.last = *last;
      // A clock that was set back must not bring slots again that have had their run.
      const auto from = std::max(environment_.clock.now(), job.last.value_or(Instant::min()));
      job.next = next_after(job.schedule, from);
      jobs.push_back(std::move(job));
    }
  }
  {
    std::lock_guard lock(mutex_);
    keep_what_is_due(jobs);
    jobs_ = std::move(jobs);
  }
  set_alarm();
}

/// A slot that has come while the files were read, or waits to be stored, is not passed over.
void Scheduler::keep_what_is_due(std::vector<Job>& jobs) const {
  for (auto& job : jobs) {
    const auto before = std::ranges::find(jobs_, job.key, &Job::key);
    if (before == jobs_.end() || text_of(before->schedule) != text_of(job.schedule)) continue;
    job.next = before->next;
    job.not_before = before->not_before;
  }
}

asio::awaitable<void> Scheduler::stop_here() {
  stopping_ = true;
  environment_.alarm.clear();
  co_await tasks_.wait();
}

std::vector<Scheduler::Entry> Scheduler::entries() const {
  std::lock_guard lock(mutex_);
  std::vector<Entry> entries;
  for (const auto& job : jobs_)
    entries.push_back({job.workflow, job.trigger, text_of(job.schedule), job.last, job.next});
  return entries;
}

void Scheduler::set_alarm() {
  std::optional<Instant> soonest;
  for (const auto& job : jobs_) {
    const auto due_at = job.due_at();
    if (due_at && (!soonest || *due_at < *soonest)) soonest = due_at;
  }
  if (stopping_ || !soonest) return environment_.alarm.clear();
  environment_.alarm.set(*soonest, [this] { ring(); });
}

void Scheduler::ring() {
  const auto now = environment_.clock.now();
  std::vector<std::pair<Job, Instant>> due;
  {
    std::lock_guard lock(mutex_);
    for (auto& job : jobs_) {
      const auto due_at = job.due_at();
      if (!due_at || *due_at > now) continue;
      due.emplace_back(job, *job.next);
      job.next = next_after(job.schedule, now);
    }
  }
  for (const auto& [job, slot] : due) tasks_.spawn(fire(job.key, job.workflow, slot));
  set_alarm();
}

asio::awaitable<void> Scheduler::fire(std::string key, std::string workflow, Instant slot) {
  const auto set = environment_.workflows.current();
  const auto* loaded = set->find(workflow);
  if (!loaded) co_return;
  if (!loaded->held.empty()) {
    environment_.log.warning("a scheduled run was left out: its workflow is held",
                             {{"workflow", workflow}, {"why", loaded->held.front()}});
    co_return;
  }
  engine::Admission admission;
  admission.slot = storage::ScheduleSlot{key, slot};
  engine::Start start;
  start.id = environment_.ids.next<RunId>();
  start.definition = loaded->definition;
  start.trigger_kind = "schedule";
  start.trigger = plain_trigger("schedule", Value(), slot);
  start.inputs = default_inputs(loaded->definition->workflow->inputs);
  admission.starts.push_back(std::move(start));
  const auto outcome = co_await environment_.engine.admit(std::move(admission));
  if (!outcome) {
    environment_.log.error("a scheduled run could not be started; trying again",
                           {{"workflow", workflow}, {"why", outcome.error().message}});
    try_again(key, slot);
    co_return;
  }
  std::lock_guard lock(mutex_);
  const auto job = std::ranges::find(jobs_, key, &Job::key);
  if (job != jobs_.end()) job->last = slot;
}

void Scheduler::try_again(const std::string& key, Instant slot) {
  {
    std::lock_guard lock(mutex_);
    const auto job = std::ranges::find(jobs_, key, &Job::key);
    if (job == jobs_.end()) return;
    job->next = slot;
    job->not_before = environment_.clock.now() + kRetry;
  }
  set_alarm();
}

}  // namespace tba::triggers
