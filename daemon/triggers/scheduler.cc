#include "daemon/triggers/scheduler.h"

#include <algorithm>
#include <utility>
#include <variant>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/engine/trigger_context.h"
#include "shared/inputs.h"
#include "shared/time_format.h"

namespace tba::triggers {

namespace asio = boost::asio;

namespace {

/// How long to wait before a slot that could not be stored is tried again.
constexpr std::chrono::seconds kRetry{1};
/// How often it is looked whether a workflow that is held still is, while a slot waits for that.
constexpr std::chrono::seconds kHeldLook{10};

}  // namespace

Scheduler::Job::Job(const std::string& workflow_name, std::size_t trigger_place,
                    const ScheduleTrigger& trigger_settings)
    : key(schedule_key(workflow_name, trigger_settings.schedule)),
      workflow(workflow_name),
      trigger(trigger_place),
      settings(trigger_settings) {}

void Scheduler::Job::pass(Instant slot) {
  passed = slot;
  next = next_after(settings.schedule, slot);
}

std::optional<Instant> Scheduler::Job::due_at() const {
  if (!next) return std::nullopt;
  return *next + jitter_of(key, *next, settings.jitter);
}

Scheduler::Scheduler(Environment environment)
    : environment_(std::move(environment)),
      tasks_(environment_.executor, environment_.log, "the scheduler") {}

asio::awaitable<void> Scheduler::refresh() {
  return asio::co_spawn(environment_.executor, refresh_here(), asio::use_awaitable);
}

asio::awaitable<void> Scheduler::stop() {
  return asio::co_spawn(environment_.executor, stop_here(), asio::use_awaitable);
}

/// The schedules of the workflows that are in force, as if nothing were known of them.
std::vector<Scheduler::Job> Scheduler::present_jobs() const {
  const auto set = environment_.workflows.current();
  std::vector<Job> jobs;
  for (const auto& [name, loaded] : set->workflows) {
    const auto& triggers = loaded.definition->workflow->triggers;
    for (std::size_t index = 0; index < triggers.size(); ++index) {
      const auto* trigger = std::get_if<ScheduleTrigger>(&triggers[index]);
      if (trigger) jobs.emplace_back(name, index, *trigger);
    }
  }
  return jobs;
}

asio::awaitable<Scheduler::Marks> Scheduler::marks() {
  const auto stored = co_await environment_.store.schedules();
  Marks marks;
  if (!stored) {
    environment_.log.error("it could not be read how far the schedules have come",
                           {{"why", stored.error().message}});
    co_return marks;
  }
  for (const auto& mark : *stored) marks.emplace(mark.schedule, mark);
  co_return marks;
}

asio::awaitable<void> Scheduler::remember(std::vector<std::string> keys, Instant seen_at) {
  if (keys.empty()) co_return;
  storage::Change change;
  for (auto& key : keys) change.writes.emplace_back(storage::AddSchedule{std::move(key), seen_at});
  const auto outcome = co_await environment_.store.submit(std::move(change));
  if (!outcome) {
    environment_.log.error("new schedules could not be stored: they count from the next start",
                           {{"why", outcome.error().message}});
  }
}

asio::awaitable<void> Scheduler::refresh_here() {
  const auto now = environment_.clock.now();
  const auto known = co_await marks();
  std::vector<std::string> unknown;
  for (const auto& job : present_jobs()) {
    if (!known.contains(job.key)) unknown.push_back(job.key);
  }
  co_await remember(std::move(unknown), now);
  // From here on nothing waits: what has been fired in the meantime is in jobs_.
  auto jobs = present_jobs();
  {
    std::lock_guard lock(mutex_);
    for (auto& job : jobs) {
      const auto before = std::ranges::find(jobs_, job.key, &Job::key);
      const auto mark = known.find(job.key);
      if (before != jobs_.end()) {
        job.last = before->last;
        job.is_firing = before->is_firing;
        job.pass(before->passed);
      } else if (mark != known.end()) {
        job.last = mark->second.last_slot;
        job.pass(counted_from(job.last.value_or(std::min(mark->second.seen_at, now)), now));
        go_on(job, now, Presence::absent);
      } else {
        job.pass(now);
      }
    }
    jobs_ = std::move(jobs);
  }
  set_alarm();
}

asio::awaitable<void> Scheduler::stop_here() {
  stopping_ = true;
  environment_.alarm.clear();
  co_await tasks_.wait();
}

std::vector<Scheduler::Entry> Scheduler::entries() const {
  std::lock_guard lock(mutex_);
  std::vector<Entry> entries;
  for (const auto& job : jobs_) {
    const auto& schedule = job.settings.schedule;
    entries.push_back({job.workflow, job.trigger, text_of(schedule), zone_of(schedule).name(),
                       job.last, job.next, job.due_at()});
  }
  return entries;
}

void Scheduler::set_alarm() {
  std::optional<Instant> soonest;
  for (const auto& job : jobs_) {
    const auto due_at = job.due_at();
    if (!due_at || job.is_firing) continue;
    const auto look_at = std::max(*due_at, job.not_before);
    if (!soonest || look_at < *soonest) soonest = look_at;
  }
  if (stopping_ || !soonest) return environment_.alarm.clear();
  environment_.alarm.set(*soonest, [this] { ring(); });
}

void Scheduler::ring() {
  const auto now = environment_.clock.now();
  std::vector<Due> all_due;
  {
    std::lock_guard lock(mutex_);
    for (auto& job : jobs_) {
      if (auto due = look(job, now)) all_due.push_back(*std::move(due));
    }
  }
  for (auto& [key, slot, start] : all_due) tasks_.spawn(fire(key, slot, std::move(start)));
  set_alarm();
}

/// The job's next slot, if it is to be fired now.
std::optional<Scheduler::Due> Scheduler::look(Job& job, Instant now) {
  if (job.is_firing) return std::nullopt;
  const auto from = counted_from(job.passed, now);
  if (from != job.passed) {
    job.pass(from);
    job.not_before = now;
  }
  const auto is_due = [&] {
    const auto due_at = job.due_at();
    return due_at && *due_at <= now && job.not_before <= now;
  };
  if (!is_due()) return std::nullopt;
  const auto set = environment_.workflows.current();
  const auto* loaded = set->find(job.workflow);
  if (!loaded) {
    job.pass(*job.next);  // its file is gone, and the job will be at once
    return std::nullopt;
  }
  if (!loaded->held.empty()) {
    wait_for_workflow(job, *loaded, now);
    return std::nullopt;
  }
  go_on(job, now, Presence::present);
  if (!is_due()) return std::nullopt;
  job.is_firing = true;
  return Due{job.key, *job.next, new_run(*loaded, *job.next)};
}

/// Passes over the slots that have come unseen and are not to be made up for.
void Scheduler::go_on(Job& job, Instant now, Presence presence) {
  const auto slot = slot_to_go_on_with(job.settings, job.passed, now, presence);
  if (slot == job.next) return;
  environment_.log.warning("slots of a schedule passed without a run",
                           {{"workflow", job.workflow},
                            {"schedule", text_of(job.settings.schedule)},
                            {"first", format_time(*job.next)},
                            {"goes_on_with", slot ? format_time(*slot) : std::string("nothing")}});
  job.passed = slot ? *slot - Duration(1) : now;
  job.next = slot;
}

/// The slots of a workflow that is held are left out, or wait.
void Scheduler::wait_for_workflow(Job& job, const daemon::LoadedWorkflow& loaded, Instant now) {
  const bool waits = job.settings.catch_up != CatchUp::none;
  if (!waits || job.waiting_reported != job.next) {
    environment_.log.warning(waits ? "a scheduled run waits: its workflow is held"
                                   : "a scheduled run was left out: its workflow is held",
                             {{"workflow", job.workflow}, {"why", loaded.held.front()}});
  }
  if (!waits) return job.pass(last_in(job.settings.schedule, job.passed, now).value_or(*job.next));
  job.waiting_reported = job.next;
  job.not_before = now + kHeldLook;
}

engine::Start Scheduler::new_run(const daemon::LoadedWorkflow& loaded, Instant slot) const {
  engine::Start start;
  start.id = environment_.ids.next<RunId>();
  start.definition = loaded.definition;
  start.trigger_kind = "schedule";
  start.trigger = engine::plain_trigger("schedule", Value(), slot);
  start.inputs = default_inputs(loaded.definition->workflow->inputs);
  return start;
}

asio::awaitable<void> Scheduler::fire(std::string key, Instant slot, engine::Start start) {
  engine::Admission admission;
  admission.slot = storage::ScheduleSlot{key, slot};
  admission.starts.push_back(std::move(start));
  const auto outcome = co_await environment_.engine.admit(std::move(admission));
  settle(key, slot, outcome);
  set_alarm();
}

void Scheduler::settle(const std::string& key, Instant slot,
                       const Result<engine::AdmissionOutcome>& outcome) {
  std::lock_guard lock(mutex_);
  const auto job = std::ranges::find(jobs_, key, &Job::key);
  if (job == jobs_.end()) return;
  job->is_firing = false;
  if (outcome) {
    // Also where another daemon, or this one before the clock was put back, has taken it.
    job->last = slot;
    job->pass(slot);
    return;
  }
  environment_.log.error("a scheduled run could not be started; trying again",
                         {{"workflow", job->workflow}, {"why", outcome.error().message}});
  job->not_before = environment_.clock.now() + kRetry;
}

}  // namespace tba::triggers
