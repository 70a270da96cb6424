#include "daemon/connectors/rate_limiter.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <queue>
#include <string>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "daemon/connectors/told_count.h"
#include "shared/connector_reader.h"
#include "shared/value/json.h"
#include "tests/support/seeded_random.h"

namespace {

using namespace tba;
using namespace std::chrono_literals;
using connectors::RateLimiter;
using net::HttpResponse;

constexpr Instant kStart{std::chrono::seconds(1'700'000'000)};

/// A connector with two endpoints and these limits, and calls of it at given instants.
class Calls {
 public:
  explicit Calls(const std::string& limits) {
    const bool has_search = limits.find("search") != std::string::npos;
    Diagnostics diagnostics;
    auto read = read_connector("api.yaml",
                               "connector: api\nbase_url: https://api.example\n" + limits +
                                   "endpoints:\n"
                                   "  get: { method: GET, path: / }\n"
                                   "  put: { method: PUT, path: / }\n"
                                   "  find: { method: GET, path: /find" +
                                   (has_search ? ", rate_limits: [search] }\n" : " }\n"),
                               diagnostics);
    INFO(diagnostics.render());
    REQUIRE(read);
    connector_ = *std::move(read);
  }

  /// Whether the call may be made; remembers its permit.
  bool may(const std::string& endpoint, const std::string& credential = "mine",
           const Value& parameters = Value()) {
    const RateLimiter::Call call{connector_, *connector_.endpoint(endpoint), credential,
                                 parameters};
    auto leave = limiter_.ask(call, now);
    if (const auto* later = std::get_if<Instant>(&leave)) {
      turn = *later;
      return false;
    }
    permit_ = std::get<RateLimiter::Permit>(std::move(leave));
    return true;
  }

  void answer(int status, net::HeaderFields headers = {},
              std::optional<std::chrono::milliseconds> retry_after = {}) {
    const HttpResponse response{status, std::move(headers), {}};
    ObjectBuilder members;
    for (const auto& [name, value] : response.headers) members.put(name, Value::string(value));
    const auto answer = Value::object({{"headers", std::move(members).build()}});
    closed = limiter_.answered(permit_, response, answer, status == 429, retry_after, now);
  }
  void recall(RateLimiter::Closed known) { limiter_.recall(std::move(known)); }
  void lose(bool sent = true) { limiter_.unanswered(permit_, sent, now); }

  Instant now = kStart;
  Instant turn;                             ///< Of the call that may not be made yet.
  std::vector<RateLimiter::Closed> closed;  ///< By the last answer.

 private:
  Connector connector_;
  RateLimiter limiter_;
  RateLimiter::Permit permit_;
};

}  // namespace

TEST_CASE("limits: each credential, endpoint and value has a count where the limit says so") {
  Calls calls("rate_limits: { a: { requests: 1, per: 1m, by: [credential], parameters: [id] } }\n");
  const auto with_id = [](int id) { return Value::object({{"id", Value::integer(id)}}); };
  CHECK(calls.may("get"));
  CHECK_FALSE(calls.may("put"));
  CHECK(calls.may("get", "yours"));
  CHECK(calls.may("get", "mine", with_id(1)));
  CHECK(calls.may("get", "mine", with_id(2)));
  CHECK_FALSE(calls.may("put", "mine", with_id(2)));
}

TEST_CASE("limits: an endpoint that names limits is counted by them alone") {
  Calls calls(
      "rate_limits:\n"
      "  core: { requests: 2, per: 1m }\n"
      "  search: { requests: 1, per: 1h, only_where_named: true }\n");
  CHECK(calls.may("find"));
  CHECK_FALSE(calls.may("find"));
  CHECK(calls.turn >= kStart + 1h);
  CHECK(calls.may("get"));
  CHECK(calls.may("put"));
  CHECK_FALSE(calls.may("get"));
  CHECK(calls.turn < kStart + 2min);
}

TEST_CASE("limits: of several limits the one with the latest turn decides") {
  Calls calls(
      "rate_limits:\n"
      "  second: { requests: 2, per: 1s }\n"
      "  hour: { requests: 3, per: 1h }\n");
  CHECK(calls.may("get"));
  CHECK(calls.may("get"));
  CHECK_FALSE(calls.may("get"));
  CHECK(calls.turn < kStart + 2s);
  calls.now = calls.turn;
  CHECK(calls.may("get"));
  CHECK_FALSE(calls.may("get"));
  CHECK(calls.turn > kStart + 1h);
}

TEST_CASE("limits: what is closed for long is told once, and holds where it is recalled") {
  const std::string limits =
      "rate_limits: { a: { requests: 100, per: 1h, by: [credential], reset: seconds,\n"
      "  headers: { limit: l, remaining: r, reset: at } } }\n";
  Calls calls(limits);
  CHECK(calls.may("get"));
  calls.answer(200, {{"l", "100"}, {"r", "1"}, {"at", "600"}});
  CHECK(calls.closed.empty());
  CHECK(calls.may("get"));
  calls.answer(200, {{"l", "100"}, {"r", "0"}, {"at", "600"}});
  REQUIRE(calls.closed.size() == 1);
  const auto closed = calls.closed[0];
  CHECK(closed.until == kStart + 601s);  // the second was rounded off, perhaps
  CHECK(closed.key.size() == 64);
  CHECK_FALSE(calls.may("get"));
  calls.answer(429, {}, 602s);
  CHECK(calls.closed.empty());
  calls.answer(429, {}, 700s);
  REQUIRE(calls.closed.size() == 1);
  CHECK(calls.closed[0].key == closed.key);
  CHECK(calls.closed[0].until == kStart + 700s);

  Calls later(limits);
  later.recall(closed);
  later.now += 60s;
  CHECK(later.may("get", "yours"));
  CHECK_FALSE(later.may("get"));
  CHECK(later.turn == closed.until);
  later.now = closed.until;
  CHECK(later.may("get"));
}

TEST_CASE("limits: what is closed for seconds only is not worth telling") {
  Calls calls("rate_limits: { a: { requests: 100, per: 1h } }\n");
  CHECK(calls.may("get"));
  calls.answer(429, {}, 9s);
  CHECK(calls.closed.empty());
}

TEST_CASE("limits: endpoints whose answers name the same bucket share its count") {
  Calls calls(
      "rate_limits:\n"
      "  route: { by: [credential, endpoint], reset: seconds,\n"
      "           headers: { limit: l, remaining: r, reset: s, bucket: b } }\n");
  const net::HeaderFields left{{"l", "5"}, {"r", "5"}, {"s", "60.0"}, {"b", "x"}};
  const net::HeaderFields none{{"l", "5"}, {"r", "0"}, {"s", "60.0"}, {"b", "x"}};
  CHECK(calls.may("get"));
  calls.answer(200, left);
  CHECK(calls.may("put"));
  calls.answer(200, none);
  CHECK_FALSE(calls.may("get"));
  CHECK(calls.turn == kStart + 1min);
  CHECK(calls.may("get", "yours"));
}

TEST_CASE("limits: only the limit that is to blame is closed, and longer each time") {
  Calls calls(
      "rate_limits:\n"
      "  all: { requests: 100, per: 1s, blamed_when: '${{ .headers.global == \"true\" }}' }\n"
      "  each: { requests: 100, per: 1s, by: [endpoint],\n"
      "          blamed_when: '${{ .headers.global == null }}' }\n");
  CHECK(calls.may("get"));
  calls.answer(429, {}, 30s);
  CHECK_FALSE(calls.may("get"));
  CHECK(calls.turn == kStart + 30s);
  CHECK(calls.may("put"));
  for (const auto pause : {1s, 2s, 4s}) {
    calls.answer(429, {{"global", "true"}});
    CHECK_FALSE(calls.may("put"));
    CHECK(calls.turn == calls.now + pause);
    calls.now = calls.turn;
    CHECK(calls.may("put"));
  }
  calls.answer(200);
  CHECK(calls.may("put"));
  calls.answer(429, {{"global", "true"}});
  CHECK_FALSE(calls.may("put"));
  CHECK(calls.turn == calls.now + 1s);
}

TEST_CASE("limits: a call without an answer is counted as one that was made") {
  Calls calls(
      "rate_limits: { a: { headers: { limit: l, remaining: r, reset: s }, reset: seconds } }\n");
  CHECK(calls.may("get"));
  calls.answer(200, {{"l", "3"}, {"r", "2"}, {"s", "60.0"}});
  CHECK(calls.may("get"));
  calls.lose();
  CHECK(calls.may("get"));
  calls.answer(200);  // tells nothing
  CHECK_FALSE(calls.may("get"));
  calls.now += 1min;
  CHECK(calls.may("get"));
}

TEST_CASE("limits: those who wait have turns one after the other") {
  Calls calls("rate_limits: { a: { requests: 2, per: 10s } }\n");
  CHECK(calls.may("get"));
  CHECK(calls.may("get"));
  std::vector<Instant> turns;
  for (int i = 0; i < 6; ++i) {
    CHECK_FALSE(calls.may("get"));
    turns.push_back(calls.turn);
  }
  CHECK(turns[0] == turns[1]);
  CHECK(turns[2] >= turns[0] + 10s);
  CHECK(turns[4] >= turns[2] + 10s);
  for (const auto turn : turns) {
    calls.now = turn;
    CHECK(calls.may("get"));
  }
}

TEST_CASE("limits: however many wait, nobody waits for more than a year") {
  Calls calls("rate_limits: { a: { requests: 1, per: 300d } }\n");
  CHECK(calls.may("get"));
  for (int i = 0; i < 10; ++i) CHECK_FALSE(calls.may("get"));
  CHECK(calls.turn == kStart + 24h * 366);

  Calls told(
      "rate_limits: { a: { headers: { limit: l, remaining: r, reset: s }, reset: seconds } }\n");
  CHECK(told.may("get"));
  told.answer(200, {{"l", "1"}, {"r", "0"}, {"s", "30000000.0"}});
  for (int i = 0; i < 10; ++i) CHECK_FALSE(told.may("get"));
  CHECK(told.turn == kStart + 24h * 366);
}

TEST_CASE("limits: a call that was never sent is not counted") {
  Calls calls("rate_limits: { a: { requests: 1, per: 10s } }\n");
  for (int i = 0; i < 3; ++i) {
    CHECK(calls.may("get"));
    calls.lose(false);
  }
  CHECK(calls.may("get"));
  calls.lose();
  CHECK_FALSE(calls.may("get"));
}

TEST_CASE("limits: a limit of which nothing is known is closed by what it refuses") {
  Calls calls("rate_limits: { a: { by: [credential] } }\n");
  for (int i = 0; i < 1000; ++i) {
    CHECK(calls.may("get"));
    calls.answer(200);
  }
  CHECK(calls.may("get"));
  calls.answer(429, {}, 20s);
  CHECK_FALSE(calls.may("put"));
  CHECK(calls.turn == kStart + 20s);
  CHECK(calls.may("put", "yours"));
  calls.now = calls.turn;
  CHECK(calls.may("get"));
  calls.answer(429);
  CHECK_FALSE(calls.may("get"));
  CHECK(calls.turn == calls.now + 1s);
}

TEST_CASE("limits: an instant is told by the API's clock") {
  RateLimit limit;
  limit.remaining_header = "r";
  limit.reset_header = "s";
  const HttpResponse response{
      200, {{"r", "7"}, {"s", "1700000160.5"}, {"date", "Tue, 14 Nov 2023 22:15:20 GMT"}}, {}};
  // Its clock is two minutes ahead of ours.
  CHECK(connectors::told_count(limit, response, kStart).reset_at == kStart + 40s + 500ms);
  limit.reset = RateLimit::Reset::epoch_millis;
  const HttpResponse millis{200, {{"r", "7"}, {"s", "1700000040000.0"}}, {}};
  CHECK(connectors::told_count(limit, millis, kStart).reset_at == kStart + 40s);
  limit.reset = RateLimit::Reset::rfc3339;
  const HttpResponse date_time{200,
                               {{"r", "7"},
                                {"s", "2023-11-14T23:16:00.500000+01:00"},
                                {"date", "Tue, 14 Nov 2023 22:15:20 GMT"}},
                               {}};
  CHECK(connectors::told_count(limit, date_time, kStart).reset_at == kStart + 40s + 500ms);
  using Reset = RateLimit::Reset;
  for (const auto reset : {Reset::epoch, Reset::epoch_millis, Reset::seconds, Reset::rfc3339}) {
    limit.reset = reset;
    for (const auto* text : {"", "soon", "-5", "1e400", "99999999999999999"}) {
      const HttpResponse odd{200, {{"r", text}, {"s", text}}, {}};
      CHECK_FALSE(connectors::told_count(limit, odd, kStart).is_whole());
    }
  }
}

TEST_CASE("limits: times that go on for very long are read, others are not") {
  using connectors::parse_go_duration;
  CHECK(parse_go_duration("6m0s") == 6min);
  CHECK(parse_go_duration("12ms") == 12ms);
  CHECK(parse_go_duration("1h2m3.5s") == 1h + 2min + 3500ms);
  CHECK(parse_go_duration("0s") == 0s);
  for (const auto* text : {"", "5", "s", "5 s", "-1s", "1s2", "1x", "99999999h", "nans"})
    CHECK_FALSE(parse_go_duration(text));
}

TEST_CASE("limits: refusals of calls that were under way together count as one") {
  Calls calls("rate_limits: { a: { requests: 100, per: 1h } }\n");
  for (int i = 0; i < 7; ++i) CHECK(calls.may("get"));
  for (int i = 0; i < 7; ++i) calls.answer(429);
  CHECK_FALSE(calls.may("get"));
  CHECK(calls.turn == kStart + 1s);
}

TEST_CASE("limits: of windows whose size is not told many may wait for the next") {
  Calls calls("rate_limits: { a: { headers: { remaining: r, reset: s }, reset: seconds } }\n");
  CHECK(calls.may("get"));
  calls.answer(200, {{"r", "0"}, {"s", "600.0"}});
  for (int i = 0; i < 50; ++i) {
    CHECK_FALSE(calls.may("get"));
    CHECK(calls.turn == kStart + 600s);
  }
}
