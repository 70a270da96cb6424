#include "daemon/connectors/rate_bucket.h"

#include <algorithm>
#include <utility>

namespace tba::connectors {
namespace {

using namespace std::chrono_literals;

/// More than these are not remembered one by one: the same rate is then kept over a shorter span.
constexpr std::int64_t kMostRemembered = 10'000;

/// How long a window is taken to be where nothing says so.
constexpr Duration kUnknownWindow = 1min;

/// Where requests in flight may turn out to be counted already, it is worth asking again soon.
constexpr Duration kSoon = 250ms;

/// Two answers of one window may differ so much in when it ends: most say it in whole seconds.
constexpr Duration kSameWindow = 2s;

constexpr Duration kLongestBlindBlock = 1min;

/// How long an answer is waited for that tells of a count of which nothing is known.
constexpr Duration kFindingOut = 5s;

/// So many are told to ask again soon together.
constexpr std::ptrdiff_t kAskAtOnce = 64;

/// Nobody is given a turn later than that, however many wait.
constexpr Duration kFarthestTurn = 24h * 366;
constexpr std::int64_t kMostWindowsAhead = 10'000;

/// The way to the API does not always take the same time, so it sees requests closer together than
/// they were sent.
Duration margin_of(Duration per) {
  return std::min<Duration>(per / 25, 1s);
}

}  // namespace

void RateBucket::know(std::int64_t requests, Duration per, bool is_told) {
  if (requests > kMostRemembered) {
    per = Duration(per.count() * kMostRemembered / requests);
    requests = kMostRemembered;
  }
  requests_ = requests;
  per_ = per;
  is_told_ = is_told;
}

Instant RateBucket::turn(Instant now) {
  while (!reserved_.empty() && reserved_.front() <= now) reserved_.pop_front();
  const auto free_at = window_ ? turn_in_window(now) : turn_by_span(now);
  return std::min(std::max(free_at, blocked_until_), now + kFarthestTurn);
}

Instant RateBucket::turn_in_window(Instant now) {
  auto& window = *window_;
  if (now >= window.reset_at) {
    const auto length = window.length > 0s ? window.length : kUnknownWindow;
    window.reset_at += length * ((now - window.reset_at) / length + 1);
    window.remaining = window.limit;
    window.is_guess = true;
  }
  if (window.remaining > in_flight_) return now;
  // What is in flight may be counted already.
  if (window.remaining > 0 && is_being_found_out(now) && window.reset_at - now > kSoon)
    return soon(now);
  return free_window();
}

/// When the first window begins in which fewer have turns than it lets through.
Instant RateBucket::free_window() const {
  const auto& window = *window_;
  const auto length = std::max<Duration>(window.length, kSoon);
  const auto limit = window.is_limit_known ? std::max<std::int64_t>(window.limit, 1)
                                           : std::max<std::int64_t>(window.limit, kAskAtOnce);
  // A turn belongs to the window that was thought to begin then, though that may begin a little
  // later by now.
  auto end = window.reset_at - std::min<Duration>(kSameWindow, length / 2);
  auto next = std::ranges::lower_bound(reserved_, end);
  for (std::int64_t index = 0; index < kMostWindowsAhead; ++index) {
    end += length;
    const auto first = std::exchange(next, std::lower_bound(next, reserved_.end(), end));
    if (next - first < limit) return window.reset_at + index * length;
  }
  return window.reset_at + kMostWindowsAhead * length;
}

/// Whether an answer is on its way that will tell more.
bool RateBucket::is_being_found_out(Instant now) const {
  return in_flight_ > 0 && now < last_sent_ + kFindingOut;
}

/// When to ask again where an answer will tell more: not all at once, however many wait.
Instant RateBucket::soon(Instant now) const {
  auto from = std::ranges::upper_bound(reserved_, now);
  for (auto at = now + kSoon;; at += kSoon) {
    const auto end = std::upper_bound(from, reserved_.end(), at);
    if (end - from < kAskAtOnce) return at;
    from = end;
  }
}

Instant RateBucket::turn_by_span(Instant now) {
  if (requests_ == 0) return is_told_ && !is_silent_ && is_being_found_out(now) ? soon(now) : now;
  const auto span = per_ + margin_of(per_);
  // Who comes at its turn finds it free, though those before may have been a little late.
  while (!sent_.empty() && sent_.front() + per_ + margin_of(per_) / 2 <= now) sent_.pop_front();
  // There is room now, whoever has a turn later, but for those who are about to come.
  const auto most = static_cast<std::size_t>(requests_);
  const auto due = std::ranges::upper_bound(reserved_, now + margin_of(per_) / 2);
  if (sent_.size() + static_cast<std::size_t>(due - reserved_.begin()) < most) return now;
  const auto index = sent_.size() + reserved_.size() - most;
  const auto before = index < sent_.size() ? sent_[index] : reserved_[index - sent_.size()];
  return std::max(now, before + span);
}

void RateBucket::count(Instant now) {
  ++in_flight_;
  last_sent_ = now;
  if (requests_ == 0) return;
  sent_.push_back(now);
  while (static_cast<std::int64_t>(sent_.size()) > requests_) sent_.pop_front();
}

void RateBucket::take_back(Instant counted_at) {
  --in_flight_;
  const auto found = std::ranges::find(sent_, counted_at);
  if (found != sent_.end()) sent_.erase(found);
}

void RateBucket::reserve(Instant turn) {
  reserved_.insert(std::ranges::upper_bound(reserved_, turn), turn);
}

void RateBucket::answered(const ToldCount* told, Instant now) {
  --in_flight_;
  if (!told || !told->is_whole()) {
    is_silent_ = is_silent_ || told;
    if (window_ && window_->remaining > 0) --window_->remaining;
    return;
  }
  if (window_ && *told->reset_at <= now) return;  // of a window that is over
  const bool is_new = !window_ || window_->is_guess || window_->reset_at <= now ||
                      *told->reset_at >= window_->reset_at + kSameWindow;
  if (is_new) return begin_window(*told, now);
  window_->remaining = std::min(window_->remaining, *told->remaining);
  window_->reset_at = std::max(window_->reset_at, *told->reset_at);
}

void RateBucket::begin_window(const ToldCount& told, Instant now) {
  Window window;
  window.remaining = *told.remaining;
  window.reset_at = *told.reset_at;
  const auto known = told.limit.value_or(requests_);
  window.is_limit_known = known > 0;
  window.limit = std::max(known, window.remaining + 1);
  window.length = per_ > 0s ? per_ : std::max<Duration>(window.reset_at - now, 0s);
  if (window_) window.length = std::max(window.length, window_->length);
  window_ = window;
}

void RateBucket::block(Instant until) {
  blocked_until_ = std::max(blocked_until_, until);
}

void RateBucket::let_pass() {
  blind_blocks_ = 0;
}

void RateBucket::block_blindly(Instant now) {
  if (now < blocked_until_) return;  // it was under way when that was found out
  const auto pause = std::min<Duration>(1s * (1 << std::min(blind_blocks_, 6)), kLongestBlindBlock);
  ++blind_blocks_;
  block(now + pause);
}

std::optional<Instant> RateBucket::closed_until(Instant now) const {
  auto until = blocked_until_;
  if (window_ && !window_->is_guess && window_->remaining == 0)
    until = std::max(until, window_->reset_at);
  return until > now ? std::optional(until) : std::nullopt;
}

bool RateBucket::is_idle(Instant now) const {
  const bool is_waited_for = !reserved_.empty() && reserved_.back() > now;
  const bool is_in_use = in_flight_ > 0 || blocked_until_ > now || is_waited_for;
  const bool remembers = !sent_.empty() && sent_.back() + per_ + margin_of(per_) > now;
  return !is_in_use && !remembers && (!window_ || window_->reset_at <= now);
}

}  // namespace tba::connectors
