#include "daemon/connectors/circuit_breaker.h"

#include "daemon/net/url_parts.h"
#include "shared/lower_case.h"

namespace tba::connectors {
namespace {

using namespace std::chrono_literals;

/// How often circuits that say nothing any more are looked for.
constexpr Duration kForgetting = 1min;

std::string host_of(const std::string& url) {
  const auto parts = net::url_parts(url);
  return parts.scheme + "://" + lower_case(parts.authority);
}

}  // namespace

CircuitBreaker::Passage::Passage(Passage&& other) noexcept
    : breaker_(std::exchange(other.breaker_, nullptr)),
      host_(std::move(other.host_)),
      is_probe_(other.is_probe_) {}

CircuitBreaker::Passage::~Passage() {
  if (breaker_ == nullptr || !is_probe_) return;
  const std::lock_guard lock(breaker_->mutex_);
  breaker_->circuits_[host_].lose_probe();
}

bool CircuitBreaker::Passage::answered() {
  auto& breaker = *std::exchange(breaker_, nullptr);
  const std::lock_guard lock(breaker.mutex_);
  const auto found = breaker.circuits_.find(host_);
  if (found == breaker.circuits_.end()) return false;
  const bool was_open = found->second.state() != Circuit::State::closed;
  breaker.circuits_.erase(found);
  return was_open;
}

bool CircuitBreaker::Passage::failed(std::string why, Instant now) {
  auto& breaker = *std::exchange(breaker_, nullptr);
  const std::lock_guard lock(breaker.mutex_);
  return breaker.circuits_[host_].fail(is_probe_, std::move(why), breaker.rules_, now);
}

std::variant<CircuitBreaker::Passage, CircuitBreaker::Refusal> CircuitBreaker::ask(
    const std::string& url, Instant now) {
  auto host = host_of(url);
  const std::lock_guard lock(mutex_);
  forget_idle(now);
  const auto found = circuits_.find(host);
  if (found == circuits_.end()) return Passage(*this, std::move(host), false);
  auto& circuit = found->second;
  const bool was_closed = circuit.state() == Circuit::State::closed;
  if (circuit.let_pass(now)) return Passage(*this, std::move(host), !was_closed);
  const bool is_final = now - circuit.since() >= rules_.patience;
  return Refusal{std::move(host), circuit.since(), circuit.turn(now), is_final};
}

CircuitBreaker::Passage CircuitBreaker::insist(const std::string& url, Instant now) {
  auto host = host_of(url);
  const std::lock_guard lock(mutex_);
  forget_idle(now);
  return {*this, std::move(host), false};
}

std::vector<OpenCircuit> CircuitBreaker::open_circuits() const {
  const std::lock_guard lock(mutex_);
  std::vector<OpenCircuit> open;
  for (const auto& [host, circuit] : circuits_) {
    if (circuit.state() == Circuit::State::closed) continue;
    open.push_back({host, circuit.since(), circuit.probed_at(),
                    circuit.state() == Circuit::State::half_open, circuit.why()});
  }
  return open;
}

void CircuitBreaker::forget_idle(Instant now) {
  if (now < forgot_at_ + kForgetting) return;
  forgot_at_ = now;
  std::erase_if(circuits_, [&](const auto& entry) { return entry.second.is_idle(rules_, now); });
}

}  // namespace tba::connectors
