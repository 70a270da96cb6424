#include "daemon/plugins/conversation.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "daemon/plugins/outcomes.h"
#include "shared/duration.h"

namespace tba::plugins {
namespace {

/// How the end of a call that was not wanted any more is told of.
void blame(engine::AttemptOutcome& outcome, bool timed_out, const Pending& pending) {
  if (!outcome.failure) return;
  outcome.http_status = 0;
  outcome.failure->kind = timed_out ? "timeout" : "cancelled";
  if (timed_out)
    outcome.failure->message = "took longer than " + format_duration(pending.call.timeout);
}

}  // namespace

Conversation::Conversation(std::shared_ptr<const Connector> plugin,
                           std::shared_ptr<steps::ProcessInput> input, SpokenLines& lines,
                           Instant now)
    : plugin_(std::move(plugin)),
      input_(std::move(input)),
      lines_(lines),
      due_(now + kGreetingTime) {
  input_->write(initialize_message(*plugin_));
}

std::string Conversation::InFlight::what() const {
  return pending.call.plugin + "/" + pending.call.endpoint;
}

bool Conversation::has_room() const {
  return phase_ == Phase::ready && calls_.size() < plugin_->plugin->calls;
}

void Conversation::give(Pending call) {
  const auto id = ++last_;
  input_->write(call_message(id, call.call));
  call.call.with = {};
  call.call.credential = {};
  calls_.emplace(id, InFlight{std::move(call), {}, false});
}

bool Conversation::cancel(Ticket ticket, Instant now) {
  const auto found = std::ranges::find_if(
      calls_, [&](const auto& entry) { return entry.second.pending.ticket == ticket; });
  if (found == calls_.end()) return false;
  if (!found->second.cancelled_until) tell_of_cancelling(found->first, found->second, now);
  return true;
}

void Conversation::tell_of_cancelling(CallId id, InFlight& call, Instant now) {
  input_->write(cancel_message(id));
  call.cancelled_until = now + kCancelTime;
}

Conversation::Problem Conversation::hear(std::string_view line, Instant now) {
  const auto message = read_message(line);
  if (!message) return "it wrote a line that is not understood: " + message.error().message;
  if (const auto* entry = std::get_if<LogEntry>(&*message)) {
    lines_.add(entry->level, entry->message, now);
    return std::nullopt;
  }
  return take(std::get<Answer>(*message), now);
}

Conversation::Problem Conversation::take(const Answer& answer, Instant now) {
  if (answer.id == kInitialize && !std::exchange(has_greeted_, true))
    return phase_ == Phase::greeting ? begin(answer) : std::nullopt;
  const auto found = calls_.find(answer.id);
  if (found == calls_.end())
    return fmt::format("it answered a request {} that it does not have", answer.id);
  const auto call = std::move(found->second);
  calls_.erase(found);
  const bool was_cancelled = call.cancelled_until.has_value();
  auto outcome = outcome_of(answer, call.what(), was_cancelled);
  if (was_cancelled) blame(outcome, call.timed_out, call.pending);
  call.pending.complete(std::move(outcome));
  if (phase_ == Phase::retiring && calls_.empty()) close(now);
  return std::nullopt;
}

Conversation::Problem Conversation::begin(const Answer& answer) {
  if (answer.error) return "it refused to begin: " + answer.error->message;
  if (const auto agrees = check_agreement(*plugin_, answer.result); !agrees)
    return agrees.error().message;
  phase_ = Phase::ready;
  return std::nullopt;
}

void Conversation::retire(Instant now) {
  if (calls_.empty()) return close(now);
  phase_ = Phase::retiring;
}

void Conversation::close(Instant now) {
  if (phase_ == Phase::closing) return;
  phase_ = Phase::closing;
  due_ = now + kShutdownTime;
  input_->write(shutdown_message());
  input_->close();
}

std::optional<Instant> Conversation::next_deadline() const {
  std::optional<Instant> next;
  if (phase_ == Phase::greeting || phase_ == Phase::closing) next = due_;
  for (const auto& [id, call] : calls_) {
    if (!next || call.deadline() < *next) next = call.deadline();
  }
  return next;
}

Conversation::Problem Conversation::look_at_clock(Instant now) {
  if (phase_ == Phase::greeting && now >= due_) return "it did not answer initialize in 10s";
  if (phase_ == Phase::closing && now >= due_) return "it did not end when it was asked to";
  for (auto& [id, call] : calls_) {
    if (now < call.deadline()) continue;
    if (call.cancelled_until) return "it did not answer when it was asked to leave a call";
    call.timed_out = true;
    tell_of_cancelling(id, call, now);
  }
  return std::nullopt;
}

void Conversation::end(std::string_view why) {
  for (auto& [id, call] : std::exchange(calls_, {})) {
    auto outcome = left_unanswered("network", fmt::format("{}: {}", call.what(), why));
    if (call.cancelled_until) blame(outcome, call.timed_out, call.pending);
    call.pending.complete(std::move(outcome));
  }
}

}  // namespace tba::plugins
