#include "daemon/engine/retry.h"

#include <algorithm>
#include <cmath>

namespace tba::engine {
namespace {

bool covers(const RetryPolicy& policy, const AttemptOutcome& outcome) {
  if (outcome.http_status != 0) {
    return std::ranges::any_of(policy.on_statuses, [&](int status) {
      return status == outcome.http_status || (status < 10 && status == outcome.http_status / 100);
    });
  }
  const auto& kind = outcome.failure->kind;
  if (kind == "timeout") return policy.on_timeout;
  if (kind == "network") return policy.on_network;
  // A program's own failures have no word of their own: who lets it be repeated wants that, unless
  // expressions say when.
  if (!policy.on_expressions.empty()) return false;
  return kind == "exit_code" || kind == "signal" || kind == "output";
}

}  // namespace

AfterFailure after_failure(const RetryPolicy& policy, Effect effect, int attempt,
                           const AttemptOutcome& outcome) {
  if (outcome.is_final) return AfterFailure::fail;
  const bool allowed = effect != Effect::once || outcome.certainly_not_acted;
  if (allowed && attempt < policy.attempts) {
    if (covers(policy, outcome)) return AfterFailure::retry;
    if (!policy.on_expressions.empty()) return AfterFailure::ask;
  }
  if (effect == Effect::once && outcome.unknown) return AfterFailure::interrupt;
  return AfterFailure::fail;
}

std::chrono::milliseconds delay_before(const RetryPolicy& policy, int attempt,
                                       const AttemptOutcome& outcome, Random& random) {
  const auto initial = static_cast<double>(policy.initial.count());
  const auto longest = static_cast<double>(policy.max.count());
  double delay = std::min(longest, initial * std::pow(policy.factor, attempt - 1));
  if (policy.jitter) {
    const double fraction = static_cast<double>(random.next() >> 11) * 0x1.0p-53;
    delay = delay / 2 + delay / 2 * fraction;
  }
  const auto own = std::chrono::milliseconds(std::llround(delay));
  return std::max(own, outcome.retry_after.value_or(std::chrono::milliseconds(0)));
}

}  // namespace tba::engine
