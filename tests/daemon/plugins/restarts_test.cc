#include "daemon/plugins/restarts.h"

#include <vector>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using tba::Instant;
using tba::plugins::Restarts;

TEST_CASE("restarts: the pauses grow from none to a minute") {
  Restarts restarts;
  Instant now{1'000'000s};
  CHECK(restarts.next() <= now);
  std::vector<std::chrono::seconds> pauses;
  for (int i = 0; i < 9; ++i) {
    restarts.ended(now, now);
    pauses.push_back(std::chrono::duration_cast<std::chrono::seconds>(restarts.next() - now));
    now = restarts.next();
  }
  CHECK(pauses == std::vector<std::chrono::seconds>{0s, 1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s});
}

TEST_CASE("restarts: a program that stood for a minute is started again at once") {
  Restarts restarts;
  const Instant now{1'000'000s};
  for (int i = 0; i < 5; ++i) restarts.ended(now, now);
  CHECK(restarts.next() > now);
  restarts.ended(now, now + 60s);
  CHECK(restarts.next() == now + 60s);
  restarts.ended(now + 60s, now + 61s);
  CHECK(restarts.next() == now + 62s);
}

TEST_CASE("restarts: one that ends early every time never gets there") {
  Restarts restarts;
  Instant now{1'000'000s};
  for (int i = 0; i < 100; ++i) {
    restarts.ended(now, now + 59s);
    now = restarts.next();
  }
  restarts.ended(now, now + 59s);
  CHECK(restarts.next() == now + 59s + Restarts::kLongestPause);
  restarts.forget();
  CHECK(restarts.next() <= now);
}
