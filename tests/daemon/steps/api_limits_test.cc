#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <catch2/catch.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "daemon/connectors/rate_limiter.h"
#include "daemon/steps/answers.h"
#include "daemon/steps/outcomes.h"
#include "shared/connector_catalog.h"
#include "shared/connector_reader.h"
#include "shared/time_format.h"
#include "shared/value/json.h"
#include "tests/support/seeded_random.h"

/// More calls than there may be, all the time, against APIs that count in every way that APIs do:
/// once an API has refused a call it refuses none again, and nearly all that it permits is used.

namespace {

using namespace tba;
using namespace std::chrono_literals;
using connectors::RateLimiter;
using net::HttpResponse;

/// A full hour, at which windows begin.
constexpr Instant kStart{std::chrono::seconds(1'699'999'200)};

double epoch(Instant at) {
  return std::chrono::duration<double>(at.time_since_epoch()).count();
}

/// Counts in windows that begin at full multiples of their length.
struct FixedWindow {
  std::int64_t limit;
  Duration length;
  std::int64_t index = -1;
  std::int64_t used = 0;

  bool take(Instant now) {
    const auto current = now.time_since_epoch() / length;
    if (current != index) used = 0;
    index = current;
    return used < limit && ++used > 0;
  }
  std::int64_t remaining() const { return limit - used; }
  Instant reset_at() const { return Instant((index + 1) * length); }
};

/// Counts in windows that begin with the first request behind the last one.
struct WindowOfFirst {
  std::int64_t limit;
  Duration length;
  Instant reset_at = {};
  std::int64_t used = 0;

  bool take(Instant now) {
    if (now >= reset_at) {
      reset_at = now + length;
      used = 0;
    }
    return used < limit && ++used > 0;
  }
  std::int64_t remaining() const { return limit - used; }
};

/// Fills up with time.
struct TokenBucket {
  double capacity;
  double per_second;
  double tokens = capacity;
  Instant at = kStart;

  bool take(Instant now) {
    tokens =
        std::min(capacity, tokens + std::chrono::duration<double>(now - at).count() * per_second);
    at = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  }
  double seconds_to_full() const { return (capacity - tokens) / per_second; }
};

HttpResponse answer(int status, net::HeaderFields headers = {}, std::string body = {}) {
  if (!body.empty()) headers.emplace_back("content-type", "application/json");
  return {status, std::move(headers), std::move(body)};
}

/// Calls of one endpoint by many, each of whom makes one after the other.
struct Load {
  std::shared_ptr<const Connector> connector;
  std::string endpoint;
  /// What the API answers to a call that arrives then.
  std::function<HttpResponse(Instant, const Value& parameters)> api;
  Duration time;
  int clients;
  std::function<Value(int client)> parameters = [](int) { return Value::object({}); };
};

struct Figures {
  int answered = 0;
  int refused = 0;           ///< In all.
  int refused_late = 0;      ///< Sent when it was known that the API had refused one.
  Duration longest_wait{0};  ///< Of a client, for its turn.
};

/// Carries out a load on a clock of its own.
class Simulation {
 public:
  explicit Simulation(Load load) : load_(std::move(load)) {}

  Figures run() {
    for (int client = 0; client < load_.clients; ++client)
      at(kStart, [=, this] { ask(client, kStart); });
    while (moments_.top().at < kStart + load_.time) {
      now_ = moments_.top().at;
      const auto what = moments_.top().what;
      moments_.pop();
      what();
    }
    return figures_;
  }

 private:
  struct Moment {
    Instant at;
    std::function<void()> what;
    bool operator<(const Moment& other) const { return at > other.at; }
  };
  using Permit = std::shared_ptr<const RateLimiter::Permit>;

  void at(Instant when, std::function<void()> what) { moments_.push({when, std::move(what)}); }

  const Endpoint& endpoint() const { return *load_.connector->endpoint(load_.endpoint); }

  Duration way() { return Duration(5'000 + static_cast<std::int64_t>(random_.next() % 20'000)); }

  void ask(int client, Instant since) {
    const auto parameters = load_.parameters(client);
    auto leave = limiter_.ask({*load_.connector, endpoint(), "mine", parameters}, now_);
    if (const auto* later = std::get_if<Instant>(&leave)) {
      REQUIRE(*later > now_);
      // A timer rings a little late.
      return at(*later + way() / 10, [=, this] { ask(client, since); });
    }
    figures_.longest_wait = std::max(figures_.longest_wait, now_ - since);
    const Permit permit =
        std::make_shared<RateLimiter::Permit>(std::get<RateLimiter::Permit>(std::move(leave)));
    const bool is_warned = figures_.refused > 0 && knows_;
    at(now_ + way(), [=, this] { arrive(client, permit, parameters, is_warned); });
  }

  void arrive(int client, const Permit& permit, const Value& parameters, bool is_warned) {
    const auto response = load_.api(now_, parameters);
    const auto outcome = steps::by_rules(
        endpoint().answer, steps::outcome_of(net::HttpResult(response), "it", now_), "it");
    const bool is_refused = steps::asks_to_wait(outcome);
    if (is_refused) {
      ++figures_.refused;
      figures_.refused_late += is_warned;
    } else {
      REQUIRE_FALSE(outcome.failure);
      ++figures_.answered;
    }
    at(now_ + way(), [=, this] { settle(client, permit, response); });
  }

  void settle(int client, const Permit& permit, const HttpResponse& response) {
    const auto outcome = steps::by_rules(
        endpoint().answer, steps::outcome_of(net::HttpResult(response), "it", now_), "it");
    const bool is_refused = steps::asks_to_wait(outcome);
    limiter_.answered(*permit, response, outcome.result, is_refused, outcome.retry_after, now_);
    if (!is_refused) return ask(client, now_);
    knows_ = true;
    const auto pause = outcome.retry_after.value_or(1s);
    at(now_ + pause, [=, this] { ask(client, now_ + pause); });
  }

  Load load_;
  RateLimiter limiter_;
  tests::SeededRandom random_{7};
  std::priority_queue<Moment> moments_;
  Instant now_ = kStart;
  bool knows_ = false;  // that the API has refused a call
  Figures figures_;
};

void check(Load load, std::int64_t permitted) {
  const auto figures = Simulation(std::move(load)).run();
  CAPTURE(figures.answered, figures.refused, permitted);
  CHECK(figures.refused_late == 0);
  CHECK(figures.answered * 10 >= permitted * 9);
}

std::shared_ptr<const Connector> built_in(const std::string& name) {
  auto connector = built_in_connectors().find(name);
  REQUIRE(connector);
  return connector;
}

std::shared_ptr<const Connector> api_with(const std::string& limits) {
  Diagnostics diagnostics;
  auto connector = read_connector("api.yaml",
                                  "connector: api\nbase_url: https://api.example\n" + limits +
                                      "endpoints: { get: { method: GET, path: / } }\n",
                                  diagnostics);
  INFO(diagnostics.render());
  REQUIRE(connector);
  return std::make_shared<Connector>(*std::move(connector));
}

/// Somebody else has used up the API before, who has stopped: until then it refuses all.
constexpr Instant kUsedUpUntil = kStart + 20s;

}  // namespace

TEST_CASE("limits of APIs: windows whose end is told as an instant") {
  for (const int clients : {20, 5000}) {
    FixedWindow window{500, 60s};
    check({api_with("rate_limits:\n"
                    "  core: { headers: { limit: L, remaining: R, reset: S } }\n"),
           "get",
           [&](Instant now, const Value&) {
             const int status = window.take(now) ? 200 : 429;
             return answer(status, {{"l", "500"},
                                    {"r", std::to_string(window.remaining())},
                                    {"s", fmt::format("{:.0f}", epoch(window.reset_at()))}});
           },
           10min, clients},
          5000);
  }
}

TEST_CASE("limits of APIs: windows whose end is told in seconds") {
  for (const int clients : {20, 60, 500}) {
    FixedWindow window{50, 5s};
    check({api_with("rate_limits:\n"
                    "  core: { reset: seconds, headers: { limit: l, remaining: r, reset: s } }\n"),
           "get",
           [&](Instant now, const Value&) {
             const int status = window.take(now) ? 200 : 429;
             const auto left = epoch(window.reset_at()) - epoch(now);
             return answer(status, {{"l", "50"},
                                    {"r", fmt::format("{}.0", window.remaining())},
                                    {"s", fmt::format("{:.3f}", left)}});
           },
           5min, clients},
          3000);
  }
}

TEST_CASE("limits of APIs: a bucket that tells in what span it is full") {
  for (const int clients : {20, 600}) {
    TokenBucket bucket{60, 1};
    check({api_with("rate_limits:\n"
                    "  core: { requests: 60, per: 1m, reset: duration,\n"
                    "          headers: { limit: l, remaining: r, reset: d } }\n"),
           "get",
           [&](Instant now, const Value&) {
             const int status = bucket.take(now) ? 200 : 429;
             const auto full = static_cast<int>(bucket.seconds_to_full() * 1000);
             return answer(status, {{"l", "60"},
                                    {"r", std::to_string(static_cast<int>(bucket.tokens))},
                                    {"d", fmt::format("{}m{}s{}ms", full / 60'000,
                                                      full % 60'000 / 1000, full % 1000)}});
           },
           20min, clients},
          1200);
  }
}

TEST_CASE("limits of APIs: what is known beforehand, however the API counts it") {
  const auto known = api_with("rate_limits: { core: { requests: 30, per: 1s } }\n");
  for (const int clients : {20, 300}) {
    for (const auto offset : {0ms, 300ms, 900ms}) {
      FixedWindow window{30, 1s};
      check(
          {known, "get",
           [&](Instant now, const Value&) { return answer(window.take(now + offset) ? 200 : 429); },
           1min, clients},
          1800);
    }
    TokenBucket bucket{30, 30};
    check({known, "get",
           [&](Instant now, const Value&) { return answer(bucket.take(now) ? 200 : 429); }, 1min,
           clients},
          1800);
  }
}

TEST_CASE("limits of APIs: an API that says Retry-After, in seconds or as a date") {
  const auto known = api_with("rate_limits: { core: { requests: 60, per: 1m } }\n");
  for (const bool is_date : {false, true}) {
    FixedWindow window{60, 60s};
    check({known, "get",
           [&](Instant now, const Value&) {
             if (now >= kUsedUpUntil && window.take(now)) return answer(200);
             const auto until = now < kUsedUpUntil ? kUsedUpUntil : window.reset_at();
             const auto seconds = std::chrono::ceil<std::chrono::seconds>(until - now);
             const auto date = std::chrono::ceil<std::chrono::seconds>(until.time_since_epoch());
             return answer(429,
                           {{"retry-after", is_date ? fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}",
                                                                  fmt::gmtime(date.count()))
                                                    : std::to_string(seconds.count())}});
           },
           20min, 200},
          1200);
  }
}

TEST_CASE("limits of APIs: GitHub's primary and secondary limit") {
  FixedWindow hour{5000, 1h};
  FixedWindow minute{900, 60s};
  check({built_in("github"), "get-authenticated-user",
         [&](Instant now, const Value&) {
           const auto headers = [&] {
             return net::HeaderFields{
                 {"x-ratelimit-limit", "5000"},
                 {"x-ratelimit-remaining", std::to_string(hour.remaining())},
                 {"x-ratelimit-reset", fmt::format("{:.0f}", epoch(hour.reset_at()))}};
           };
           if (!minute.take(now)) {
             auto fields = headers();
             fields.emplace_back("retry-after", "60");
             return answer(403, fields,
                           R"({"message": "You have exceeded a secondary rate limit."})");
           }
           if (!hour.take(now))
             return answer(403, headers(), R"({"message": "API rate limit exceeded for user."})");
           return answer(200, headers(), R"({"login": "octocat"})");
         },
         3h, 2000},
        15'000);
}

TEST_CASE("limits of APIs: X counts each endpoint in a quarter of an hour") {
  FixedWindow window{75, 15min};
  check({built_in("x"), "get-me",
         [&](Instant now, const Value&) {
           const int status = window.take(now) ? 200 : 429;
           return answer(status,
                         {{"x-rate-limit-limit", "75"},
                          {"x-rate-limit-remaining", std::to_string(window.remaining())},
                          {"x-rate-limit-reset", fmt::format("{:.0f}", epoch(window.reset_at()))}},
                         R"({"data": {"id": "1"}})");
         },
         5h, 750},
        20 * 75);
}

TEST_CASE("limits of APIs: Twitch tells when its bucket of points is full") {
  TokenBucket bucket{800, 800.0 / 60};
  check({built_in("twitch"), "list-users",
         [&](Instant now, const Value&) {
           const int status = bucket.take(now) ? 200 : 429;
           const auto full = epoch(now) + bucket.seconds_to_full();
           return answer(status,
                         {{"ratelimit-limit", "800"},
                          {"ratelimit-remaining", std::to_string(static_cast<int>(bucket.tokens))},
                          {"ratelimit-reset", fmt::format("{:.0f}", full)}});
         },
         30min, 2000},
        30 * 800);
}

TEST_CASE("limits of APIs: Discord's buckets, one for each channel") {
  std::map<std::string, WindowOfFirst> channels;
  check({built_in("discord"), "create-message",
         [&](Instant now, const Value& parameters) {
           auto& window =
               channels.try_emplace(to_json(*parameters.find("channel_id")), WindowOfFirst{5, 5s})
                   .first->second;
           const bool is_taken = window.take(now);
           const auto left = fmt::format("{:.3f}", epoch(window.reset_at) - epoch(now));
           const net::HeaderFields headers{
               {"x-ratelimit-limit", "5"},
               {"x-ratelimit-remaining", std::to_string(window.remaining())},
               {"x-ratelimit-reset-after", left},
               {"x-ratelimit-bucket", "abcd"}};
           return is_taken
                      ? answer(200, headers, R"({"id": "1"})")
                      : answer(
                            429, headers,
                            fmt::format(
                                R"({{"message": "limited", "retry_after": {}, "global": false}})",
                                left));
         },
         5min, 180,
         [](int client) {
           return Value::object({{"channel_id", Value::string(std::to_string(client % 3))},
                                 {"content", Value::string("x")}});
         }},
        3 * 5 * 60);
}

TEST_CASE("limits of APIs: Discord's global limit, whatever the buckets say") {
  FixedWindow all{50, 1s};
  check({built_in("discord"), "create-message",
         [&](Instant now, const Value& parameters) {
           if (!all.take(now)) {
             return answer(429, {{"x-ratelimit-global", "true"}, {"retry-after", "1"}},
                           R"({"message": "limited", "retry_after": 0.7, "global": true})");
           }
           return answer(200,
                         {{"x-ratelimit-limit", "5"},
                          {"x-ratelimit-remaining", "4"},
                          {"x-ratelimit-reset-after", "5.000"},
                          {"x-ratelimit-bucket", "b" + to_json(*parameters.find("channel_id"))}},
                         R"({"id": "1"})");
         },
         1min, 400,
         [](int client) {
           return Value::object({{"channel_id", Value::string(std::to_string(client))},
                                 {"content", Value::string("x")}});
         }},
        60 * 50);
}

TEST_CASE("limits of APIs: Telegram says in the body when to come again") {
  FixedWindow all{30, 1s};
  std::map<std::string, FixedWindow> chats;
  check(
      {built_in("telegram"), "send-message",
       [&](Instant now, const Value& parameters) {
         auto& chat = chats.try_emplace(to_json(*parameters.find("chat_id")), FixedWindow{1, 1s})
                          .first->second;
         const bool is_free = now >= kUsedUpUntil && all.take(now) && chat.take(now);
         if (is_free) return answer(200, {}, R"({"ok": true, "result": {}})");
         const auto wait = now < kUsedUpUntil
                               ? std::chrono::ceil<std::chrono::seconds>(kUsedUpUntil - now)
                               : std::chrono::seconds(1);
         return answer(
             429, {},
             fmt::format(R"({{"ok": false, "error_code": 429, "description": "Too Many Requests", )"
                         R"("parameters": {{"retry_after": {}}}}})",
                         wait.count()));
       },
       5min, 400,
       [](int client) {
         return Value::object(
             {{"chat_id", Value::integer(client % 40 + 1)}, {"text", Value::string("x")}});
       }},
      (5 * 60 - 20) * 30);
}

TEST_CASE("limits of APIs: Slack lets a channel have a message each second") {
  std::map<std::string, FixedWindow> channels;
  check({built_in("slack"), "post-message",
         [&](Instant now, const Value& parameters) {
           auto& channel =
               channels.try_emplace(to_json(*parameters.find("channel")), FixedWindow{1, 1s})
                   .first->second;
           if (now >= kUsedUpUntil && channel.take(now))
             return answer(200, {}, R"({"ok": true, "ts": "1"})");
           return answer(429, {{"retry-after", now < kUsedUpUntil ? "20" : "1"}},
                         R"({"ok": false, "error": "ratelimited"})");
         },
         5min, 40,
         [](int client) {
           return Value::object({{"channel", Value::string(std::to_string(client % 2))},
                                 {"text", Value::string("x")}});
         }},
        (5 * 60 - 21) * 2);
}

TEST_CASE("limits of APIs: OpenAI tells spans of its buckets") {
  TokenBucket bucket{60, 1};
  check({built_in("openai"), "list-models",
         [&](Instant now, const Value&) {
           const bool is_taken = bucket.take(now);
           const auto full = bucket.seconds_to_full();
           const net::HeaderFields headers{
               {"x-ratelimit-limit-requests", "60"},
               {"x-ratelimit-remaining-requests", std::to_string(static_cast<int>(bucket.tokens))},
               {"x-ratelimit-reset-requests", fmt::format("{:.3f}s", full)}};
           return is_taken
                      ? answer(200, headers, R"({"data": []})")
                      : answer(429, headers, R"({"error": {"message": "Rate limit reached"}})");
         },
         20min, 600},
        20 * 60);
}

TEST_CASE("limits of APIs: Reddit tells decimals, and not how many there are in all") {
  FixedWindow window{600, 10min};
  check({built_in("reddit"), "get-me",
         [&](Instant now, const Value&) {
           const int status = window.take(now) ? 200 : 429;
           return answer(status,
                         {{"x-ratelimit-remaining", fmt::format("{}.0", window.remaining())},
                          {"x-ratelimit-used", std::to_string(window.used)},
                          {"x-ratelimit-reset",
                           fmt::format("{:.0f}", epoch(window.reset_at()) - epoch(now))}});
         },
         2h, 1200},
        12 * 600);
}

TEST_CASE("limits of APIs: Mastodon tells the end of its windows by RFC 3339") {
  FixedWindow window{300, 5min};
  check({built_in("mastodon"), "verify-credentials",
         [&](Instant now, const Value&) {
           const int status = window.take(now) ? 200 : 429;
           return answer(status, {{"x-ratelimit-limit", "300"},
                                  {"x-ratelimit-remaining", std::to_string(window.remaining())},
                                  {"x-ratelimit-reset", format_time(window.reset_at())}});
         },
         2h, 600},
        24 * 300);
}

TEST_CASE("limits of APIs: one of which nothing is known is left alone while it is closed") {
  constexpr int kClients = 20;
  constexpr int kWindows = 30;
  FixedWindow window{100, 10s};
  std::int64_t closed = -1;
  Instant known_at;  // by then all has arrived that was under way when this window was closed
  int refused_again = 0;
  const auto figures =
      Simulation({api_with("rate_limits: { core: { by: [credential] } }\n"), "get",
                  [&](Instant now, const Value&) {
                    if (window.take(now)) return answer(200);
                    if (std::exchange(closed, window.index) != window.index) known_at = now + 100ms;
                    if (now > known_at) ++refused_again;
                    const auto left =
                        std::chrono::ceil<std::chrono::seconds>(window.reset_at() - now);
                    return answer(429, {{"retry-after", std::to_string(left.count())}});
                  },
                  kWindows * 10s, kClients})
          .run();
  // Only a refusal tells that a window is used up, so each is met with what is under way then.
  CHECK(refused_again == 0);
  CHECK(figures.refused > 0);
  CHECK(figures.refused <= kClients * kWindows);
  CHECK(figures.answered >= 100 * kWindows * 9 / 10);
}

TEST_CASE("limits of APIs: one that does not tell although it could is not called one by one") {
  const auto connector =
      api_with("rate_limits: { core: { headers: { limit: l, remaining: r, reset: s } } }\n");
  const auto figures =
      Simulation({connector, "get", [](Instant, const Value&) { return answer(200); }, 10s, 50})
          .run();
  CHECK(figures.refused == 0);
  CHECK(figures.answered > 10'000);
}

TEST_CASE("limits of APIs: who has waited is not overtaken by all who come later") {
  TokenBucket bucket{30, 30.0 / 60};
  const auto figures =
      Simulation({api_with("rate_limits: { core: { requests: 30, per: 1m } }\n"), "get",
                  [&](Instant now, const Value&) { return answer(bucket.take(now) ? 200 : 429); },
                  2h, 90})
          .run();
  CHECK(figures.refused == 0);
  // Three rounds serve each client once.
  CHECK(figures.longest_wait < 6min);
}
