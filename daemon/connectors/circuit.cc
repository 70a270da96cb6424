#include "daemon/connectors/circuit.h"

#include <algorithm>
#include <utility>

namespace tba::connectors {
namespace {

using namespace std::chrono_literals;

/// Between two of those who wait for the same probe.
constexpr Duration kBetweenTurns = 10ms;

/// An open circuit that nobody has asked for is forgotten after that time: whoever comes then finds
/// out anew.
constexpr Duration kForgetting = 1h;

}  // namespace

bool Circuit::let_pass(Instant now) {
  if (state_ == State::closed) return true;
  if (state_ == State::half_open || now < probed_at_) return false;
  state_ = State::half_open;
  waiting_ = 0;
  return true;
}

void Circuit::succeed() {
  state_ = State::closed;
  failures_.clear();
}

bool Circuit::fail(bool is_probe, std::string why, const CircuitRules& rules, Instant now) {
  if (rules.failures == 0 || (state_ != State::closed && !is_probe)) return false;
  why_ = std::move(why);
  if (state_ != State::closed) {
    pause_ = std::min<Duration>(pause_ * 2, rules.longest_pause);
  } else {
    failures_.push_back(now);
    if (failures_.size() > rules.failures) failures_.pop_front();
    if (failures_.size() < rules.failures || now - failures_.front() > rules.within) return false;
    since_ = failures_.front();
    pause_ = std::min(rules.pause, rules.longest_pause);
  }
  const bool is_new = state_ == State::closed;
  state_ = State::open;
  probed_at_ = now + pause_;
  waiting_ = 0;
  return is_new;
}

void Circuit::lose_probe() {
  if (state_ == State::half_open) state_ = State::open;
}

Instant Circuit::turn(Instant now) {
  // Where a probe is under way, nobody knows when it ends.
  const auto first = state_ == State::half_open ? now + pause_ : std::max(probed_at_, now);
  const auto behind = static_cast<Duration::rep>(waiting_++) * kBetweenTurns;
  return first + std::min<Duration>(behind, pause_);
}

bool Circuit::is_idle(const CircuitRules& rules, Instant now) const {
  if (state_ == State::closed) return failures_.empty() || failures_.back() + rules.within < now;
  return state_ == State::open && probed_at_ + kForgetting < now;
}

}  // namespace tba::connectors
