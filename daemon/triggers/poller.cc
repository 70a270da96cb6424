#include "daemon/triggers/poller.h"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "daemon/triggers/start.h"
#include "shared/value/json.h"

namespace tba::triggers {

namespace asio = boost::asio;

namespace {

/// How many items one change takes: bounded, so that other writers wait for milliseconds only.
constexpr std::size_t kItemsAtOnce = 50;

/// The polls of a workflow: their keys, and their places among its triggers. A key says what is
/// polled, so that it stays the same when triggers are added before it.
std::vector<std::pair<std::string, std::size_t>> polls_of(const Workflow& workflow) {
  std::vector<std::pair<std::string, std::size_t>> polls;
  std::map<std::string, int> counts;
  for (std::size_t index = 0; index < workflow.triggers.size(); ++index) {
    const auto* trigger = std::get_if<PollTrigger>(&workflow.triggers[index]);
    if (!trigger) continue;
    auto key = fmt::format("{}/{}/{}", workflow.name, trigger->connector, trigger->endpoint);
    if (const int count = ++counts[key]; count > 1) key += fmt::format("#{}", count);
    polls.emplace_back(std::move(key), index);
  }
  return polls;
}

/// The items that are new, in their order.
std::vector<PolledItem> only(std::vector<PolledItem> items, const std::vector<std::string>& keys) {
  const std::set<std::string_view> wanted(keys.begin(), keys.end());
  std::erase_if(items, [&](const PolledItem& item) { return !wanted.contains(item.key); });
  return items;
}

}  // namespace

Poller::Poller(Environment environment)
    : environment_(std::move(environment)),
      tasks_(environment_.executor, environment_.log, "the poller") {}

asio::awaitable<void> Poller::refresh() {
  return asio::co_spawn(environment_.executor, refresh_here(), asio::use_awaitable);
}

asio::awaitable<void> Poller::stop() {
  return asio::co_spawn(environment_.executor, stop_here(), asio::use_awaitable);
}

asio::awaitable<void> Poller::refresh_here() {
  const auto set = environment_.workflows.current();
  std::vector<Job> jobs;
  for (const auto& [name, loaded] : set->workflows) {
    const auto& workflow = *loaded.definition->workflow;
    for (auto& [key, index] : polls_of(workflow)) {
      Job job;
      job.workflow = name;
      job.trigger = index;
      job.every = std::get<PollTrigger>(workflow.triggers[index]).every;
      const auto state = co_await environment_.store.poll_state(key);
      if (state && *state) job.last = (*state)->polled_at;
      job.key = std::move(key);
      jobs.push_back(std::move(job));
    }
  }
  const auto now = environment_.clock.now();
  {
    std::lock_guard lock(mutex_);
    for (auto& job : jobs) {
      job.due = job.last ? std::clamp<Instant>(*job.last + job.every, now, now + job.every) : now;
      const auto before = std::ranges::find(jobs_, job.key, &Job::key);
      if (before == jobs_.end()) continue;
      job.last = before->last;
      job.failures = before->failures;
      job.problem = before->problem;
      job.under_way = before->under_way;
      job.due = std::min(before->due, now + job.every);
    }
    jobs_ = std::move(jobs);
  }
  std::erase_if(gatherings_, [&](const auto& each) {
    return std::ranges::find(jobs_, each.first, &Job::key) == jobs_.end();
  });
  set_alarm();
}

asio::awaitable<void> Poller::stop_here() {
  stopping_ = true;
  environment_.alarm.clear();
  for (const auto& [key, call] : calls_) call->emit(asio::cancellation_type::terminal);
  co_await tasks_.wait();
}

std::vector<Poller::Entry> Poller::entries() const {
  std::lock_guard lock(mutex_);
  std::vector<Entry> entries;
  for (const auto& job : jobs_) {
    entries.push_back({job.workflow, job.trigger, job.last,
                       job.under_way ? std::nullopt : std::optional(job.due), job.problem});
  }
  return entries;
}

void Poller::set_alarm() {
  std::optional<Instant> soonest;
  for (const auto& job : jobs_) {
    if (!job.under_way && (!soonest || job.due < *soonest)) soonest = job.due;
  }
  if (stopping_ || !soonest) return environment_.alarm.clear();
  environment_.alarm.set(*soonest, [this] { ring(); });
}

void Poller::ring() {
  const auto now = environment_.clock.now();
  const auto set = environment_.workflows.current();
  std::vector<std::pair<std::string, std::string>> due;
  {
    std::lock_guard lock(mutex_);
    for (auto& job : jobs_) {
      if (job.under_way || job.due > now) continue;
      const auto* loaded = set->find(job.workflow);
      job.due = now + job.every;
      if (!loaded || !loaded->held.empty()) {
        gatherings_.erase(job.key);  // it would be of long ago when it goes on
        continue;
      }
      job.under_way = true;
      due.emplace_back(job.key, job.workflow);
    }
  }
  for (auto& [key, workflow] : due) tasks_.spawn(poll(std::move(key), std::move(workflow)));
  set_alarm();
}

asio::awaitable<void> Poller::poll(std::string key, std::string workflow) {
  std::optional<Failed> failed;
  const auto set = environment_.workflows.current();
  if (const auto* loaded = set->find(workflow)) {
    const auto polls = polls_of(*loaded->definition->workflow);
    const auto own = std::ranges::find(polls, key, &std::pair<std::string, std::size_t>::first);
    if (own != polls.end()) failed = co_await ask(key, loaded->definition, own->second);
  }
  end(key, std::move(failed));
}

asio::awaitable<std::optional<Poller::Failed>> Poller::ask(
    std::string key, std::shared_ptr<const engine::Definition> definition, std::size_t trigger) {
  const auto state = co_await environment_.store.poll_state(key);
  if (!state) co_return Failed{state.error().message};
  Value cursor;
  if (*state && !(*state)->cursor_json.empty()) {
    auto kept = parse_json((*state)->cursor_json);
    if (!kept) co_return Failed{"the cursor cannot be read: " + kept.error().message};
    cursor = std::move(*kept);
  }
  const auto& polled = std::get<PollTrigger>(definition->workflow->triggers[trigger]);
  const auto gathering =
      polled.paginate ? gathering_of(key, definition, *polled.paginate) : nullptr;
  const auto begun = gathering ? gathering->begun : environment_.clock.now();
  Poll poll(definition, polled, environment_.vars, environment_.engine.budget(), begun,
            std::move(cursor));
  Answer answered;
  if (gathering) {
    answered = co_await gather(key, poll, gathering->pages);
  } else {
    std::optional<Value> no_page;
    answered = co_await answer(key, poll, std::move(no_page));
  }
  if (auto* failed = std::get_if<Failed>(&answered)) co_return std::move(*failed);
  auto items = poll.read(std::get<Value>(answered));
  if (!items) co_return Failed{items.error().message};
  const bool is_baseline = !*state && polled.baseline;
  const auto taken = co_await take(key, poll, std::move(*items), is_baseline, definition);
  if (!taken) co_return Failed{taken.error().message};
  co_return std::nullopt;
}

/// What that poll has of its list, where it has begun.
std::shared_ptr<Poller::Gathering> Poller::gathering_of(
    const std::string& key, const std::shared_ptr<const engine::Definition>& definition,
    PageCaps caps) {
  auto& kept = gatherings_[key];
  if (!kept || kept->definition != definition) {
    kept = std::make_shared<Gathering>(
        Gathering{definition, environment_.clock.now(), PolledPages(caps)});
  }
  return kept;
}

/// What the endpoint answers; with a page, that one of its list.
asio::awaitable<Poller::Answer> Poller::answer(std::string key, const Poll& poll,
                                               std::optional<Value> page) {
  auto attempt = poll.attempt(std::move(page));
  if (!attempt) co_return Failed{attempt.error().message};
  auto outcome = co_await call(key, std::move(*attempt));
  if (outcome.failure) {
    constexpr int kTooManyRequests = 429;
    const bool asks_to_wait = outcome.http_status == kTooManyRequests && !outcome.is_final;
    co_return Failed{outcome.failure->message, outcome.retry_after, outcome.not_before,
                     asks_to_wait};
  }
  co_return std::move(outcome.result);
}

/// Asks for the pages that are missing. A limit of the API may stand between two of them, so those
/// that are there are kept until it is this poll's turn again.
asio::awaitable<Poller::Answer> Poller::gather(std::string key, const Poll& poll,
                                               PolledPages& pages) {
  while (!pages.are_complete()) {
    std::optional<Value> where = pages.where();
    auto page = co_await answer(key, poll, std::move(where));
    if (std::holds_alternative<Failed>(page)) co_return page;
    const auto added = pages.add(std::get<Value>(page));
    if (!added) co_return Failed{added.error().message};
  }
  co_return pages.take_answer();
}

/// Has the call carried out. It is a coroutine of its own inside, so that stop() can cut it off.
asio::awaitable<engine::AttemptOutcome> Poller::call(std::string key, engine::Attempt attempt) {
  const auto signal = std::make_shared<asio::cancellation_signal>();
  calls_[key] = signal;
  engine::AttemptOutcome outcome;
  engine::LineSink no_log = [](std::string_view, std::string_view) {};
  try {
    outcome = co_await asio::co_spawn(
        environment_.executor, environment_.runner.perform(std::move(attempt), std::move(no_log)),
        asio::bind_cancellation_slot(signal->slot(), asio::use_awaitable));
  } catch (const std::exception& error) {
    environment_.log.error("a poll met a bug",
                           {{"poll", key}, {"what", std::string_view(error.what())}});
    outcome.failure =
        storage::Failure{"internal", "the call failed inside the daemon; its log says more", ""};
  }
  calls_.erase(key);
  co_return outcome;
}

/// Starts a run for each new item. How far the poll has come is written with the last of them.
asio::awaitable<Result<>> Poller::take(std::string key, const Poll& poll, PollAnswer answer,
                                       bool is_baseline,
                                       std::shared_ptr<const engine::Definition> definition) {
  const auto now = environment_.clock.now();
  std::vector<std::string> keys;
  for (const auto& item : answer.items) keys.push_back(item.key);
  const auto unseen = co_await environment_.store.unseen(key, std::move(keys));
  if (!unseen) co_return unseen.error();
  const auto items = only(std::move(answer.items), *unseen);
  std::size_t next = 0;
  do {
    engine::Admission admission;
    const auto end = std::min(next + kItemsAtOnce, items.size());
    for (; next < end; ++next) {
      const auto& item = items[next];
      admission.beside.emplace_back(storage::AddPollItem{{key, item.key, now}});
      if (is_baseline) continue;
      const auto taken = poll.takes(item);
      if (!taken) co_return taken.error();
      if (!*taken) continue;
      admission.starts.push_back(
          new_start(definition, "poll", poll.trigger_of(item), environment_.ids));
    }
    if (next == items.size())
      admission.beside.emplace_back(storage::PutPollState{{key, to_json(answer.cursor), now}});
    const auto outcome = co_await environment_.engine.admit(std::move(admission));
    if (!outcome) co_return outcome.error();
    if (!std::holds_alternative<engine::Admitted>(*outcome))
      co_return Error{ErrorCode::conflict, "somebody else has taken an item meanwhile", ""};
  } while (next < items.size());
  co_return Result<>();
}

void Poller::end(const std::string& key, std::optional<Failed> failed) {
  const auto now = environment_.clock.now();
  const bool is_postponed = failed && failed->not_before;
  if (!is_postponed && !(failed && failed->is_asked_to_wait)) gatherings_.erase(key);
  {
    std::lock_guard lock(mutex_);
    const auto job = std::ranges::find(jobs_, key, &Job::key);
    if (job == jobs_.end()) {
      gatherings_.erase(key);
      return;
    }
    job->under_way = false;
    if (is_postponed) {
      job->due = *failed->not_before;
      job->problem = failed->why;
    } else if (failed) {
      const auto backoff = job->every * (1LL << std::min(job->failures, 10));
      const auto bounded =
          std::max<Duration>(job->every, std::min<Duration>(backoff, kLongestBackoff));
      job->due = now + std::max<Duration>(bounded, failed->retry_after.value_or(job->every));
      job->problem = failed->why;
      ++job->failures;
    } else {
      job->due = now + job->every;
      job->last = now;
      job->problem.clear();
      job->failures = 0;
    }
  }
  if (failed && !is_postponed && !stopping_)
    environment_.log.warning("a poll failed", {{"poll", key}, {"why", failed->why}});
  set_alarm();
}

}  // namespace tba::triggers
