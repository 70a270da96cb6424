#include "daemon/engine/retry.h"

#include <catch2/catch.hpp>

#include "tests/support/engine_world.h"

using namespace std::chrono_literals;
using tba::Effect;
using tba::RetryPolicy;
using tba::engine::after_failure;
using tba::engine::AfterFailure;
using tba::engine::AttemptOutcome;
using tba::engine::delay_before;
using tba::tests::answers;
using tba::tests::is_lost;
using tba::tests::is_not_sent;
using tba::tests::SeededRandom;

namespace {

RetryPolicy three_attempts() {
  RetryPolicy policy;
  policy.attempts = 3;
  return policy;
}

AttemptOutcome fails_with(const std::string& kind) {
  AttemptOutcome outcome;
  outcome.failure = tba::storage::Failure{kind, "", ""};
  return outcome;
}

}  // namespace

TEST_CASE("retry: what the policy names is tried again until its attempts are used up") {
  const auto policy = three_attempts();
  CHECK(after_failure(policy, Effect::repeat, 1, answers(503)) == AfterFailure::retry);
  CHECK(after_failure(policy, Effect::repeat, 2, answers(503)) == AfterFailure::retry);
  CHECK(after_failure(policy, Effect::repeat, 3, answers(503)) == AfterFailure::fail);
  CHECK(after_failure(policy, Effect::repeat, 1, answers(404)) == AfterFailure::fail);
  CHECK(after_failure(policy, Effect::repeat, 1, is_lost()) == AfterFailure::retry);
  CHECK(after_failure(policy, Effect::repeat, 1, fails_with("exit_code")) == AfterFailure::retry);
  CHECK(after_failure(policy, Effect::repeat, 1, fails_with("credential")) == AfterFailure::fail);
}

TEST_CASE("retry: what is final is not tried again, whatever the policy says") {
  auto final = answers(429);
  final.is_final = true;
  final.certainly_not_acted = true;
  for (const auto effect : {Effect::repeat, Effect::keyed, Effect::once})
    CHECK(after_failure(three_attempts(), effect, 1, final) == AfterFailure::fail);
}

TEST_CASE("retry: a class of statuses stands for each of them, network and timeout are apart") {
  auto policy = three_attempts();
  policy.on_statuses = {5};
  policy.on_network = false;
  CHECK(after_failure(policy, Effect::repeat, 1, answers(500)) == AfterFailure::retry);
  CHECK(after_failure(policy, Effect::repeat, 1, answers(429)) == AfterFailure::fail);
  CHECK(after_failure(policy, Effect::repeat, 1, is_lost()) == AfterFailure::fail);
  CHECK(after_failure(policy, Effect::repeat, 1, fails_with("timeout")) == AfterFailure::retry);
  policy.on_timeout = false;
  CHECK(after_failure(policy, Effect::repeat, 1, fails_with("timeout")) == AfterFailure::fail);
}

TEST_CASE("retry: once is tried again only where nothing can have happened") {
  const auto policy = three_attempts();
  CHECK(after_failure(policy, Effect::once, 1, is_not_sent()) == AfterFailure::retry);
  CHECK(after_failure(policy, Effect::once, 1, answers(503)) == AfterFailure::retry);
  CHECK(after_failure(policy, Effect::once, 1, answers(429)) == AfterFailure::retry);
  CHECK(after_failure(policy, Effect::once, 1, answers(502)) == AfterFailure::fail);
  CHECK(after_failure(policy, Effect::once, 1, is_lost()) == AfterFailure::interrupt);
  CHECK(after_failure(policy, Effect::keyed, 1, is_lost()) == AfterFailure::retry);
}

TEST_CASE("retry: expressions are asked where nothing else covers a failure that may be repeated") {
  auto policy = three_attempts();
  policy.on_expressions.emplace_back();
  CHECK(after_failure(policy, Effect::repeat, 1, answers(503)) == AfterFailure::retry);
  CHECK(after_failure(policy, Effect::repeat, 1, answers(404)) == AfterFailure::ask);
  CHECK(after_failure(policy, Effect::repeat, 1, fails_with("exit_code")) == AfterFailure::ask);
  CHECK(after_failure(policy, Effect::repeat, 3, answers(404)) == AfterFailure::fail);
  CHECK(after_failure(policy, Effect::once, 1, answers(404)) == AfterFailure::fail);
  CHECK(after_failure(policy, Effect::once, 1, is_lost()) == AfterFailure::interrupt);
  policy.on_network = false;
  CHECK(after_failure(policy, Effect::once, 1, is_not_sent()) == AfterFailure::ask);
}

TEST_CASE("retry: delays grow by the factor up to the longest") {
  auto policy = three_attempts();
  policy.jitter = false;
  policy.initial = 1s;
  policy.factor = 3;
  policy.max = 10s;
  SeededRandom random(1);
  CHECK(delay_before(policy, 1, answers(503), random) == 1s);
  CHECK(delay_before(policy, 2, answers(503), random) == 3s);
  CHECK(delay_before(policy, 3, answers(503), random) == 9s);
  CHECK(delay_before(policy, 4, answers(503), random) == 10s);
  CHECK(delay_before(policy, 1'000'000, answers(503), random) == 10s);
}

TEST_CASE("retry: jitter keeps half of the delay and spreads the rest") {
  auto policy = three_attempts();
  policy.initial = 1s;
  SeededRandom random(1);
  auto shortest = 1000ms;
  auto longest = 0ms;
  for (int i = 0; i < 1000; ++i) {
    const auto delay = delay_before(policy, 1, answers(503), random);
    shortest = std::min(shortest, delay);
    longest = std::max(longest, delay);
  }
  CHECK(shortest >= 500ms);
  CHECK(shortest < 520ms);
  CHECK(longest <= 1000ms);
  CHECK(longest > 980ms);
}

TEST_CASE("retry: the far side's wish to wait is granted where it is longer") {
  auto policy = three_attempts();
  policy.jitter = false;
  SeededRandom random(1);
  CHECK(delay_before(policy, 1, answers(429, 7000ms), random) == 7s);
  CHECK(delay_before(policy, 1, answers(429, 10ms), random) == 1s);
}
