#include "daemon/steps/outcomes.h"

#include <catch2/catch.hpp>

#include "daemon/connectors/retry_after.h"
#include "shared/time_format.h"
#include "shared/value/json.h"

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using tba::Instant;
using tba::to_json;
using tba::engine::AttemptOutcome;
using tba::net::HttpFailure;
using tba::net::HttpResponse;
using tba::net::HttpResult;
using tba::steps::outcome_of;
using tba::steps::ProcessResult;
using tba::steps::response_value;

namespace {

constexpr Instant kNow{std::chrono::seconds(1'700'000'000)};  // Tue, 14 Nov 2023 22:13:20 GMT

AttemptOutcome answered(int status, tba::net::HeaderFields headers = {}) {
  return outcome_of(HttpResult(HttpResponse{status, std::move(headers), ""}), "github/get-user",
                    kNow);
}

AttemptOutcome failed(HttpFailure::Kind kind, bool sent) {
  return outcome_of(HttpResult(HttpFailure{kind, sent, "it did not work"}), "github/get-user",
                    kNow);
}

std::optional<std::chrono::milliseconds> waits(std::string text) {
  return tba::connectors::retry_after(HttpResponse{429, {{"retry-after", std::move(text)}}, ""},
                                      kNow);
}

std::string body_of(std::string body, std::optional<std::string> type = "application/json") {
  HttpResponse response{200, {}, std::move(body)};
  if (type) response.headers.emplace_back("content-type", *type);
  return to_json(*response_value(response).find("body"));
}

ProcessResult ended(int exit_code, std::string out = "", std::string err = "") {
  ProcessResult result;
  result.exit_code = exit_code;
  result.out = std::move(out);
  result.err = std::move(err);
  return result;
}

}  // namespace

TEST_CASE("outcomes: no answer, or a fault of its own, speaks against a host") {
  using tba::steps::host_health;
  using tba::steps::HostHealth;
  const auto of_status = [](int status) { return host_health(HttpResponse{status, {}, ""}); };
  for (const int status : {200, 301, 404, 429, 501}) CHECK(of_status(status) == HostHealth::good);
  for (const int status : {500, 502, 503, 504}) CHECK(of_status(status) == HostHealth::bad);
  using Kind = HttpFailure::Kind;
  const auto of_failure = [](Kind kind) {
    return host_health(HttpFailure{kind, true, "it did not work"});
  };
  for (const auto kind :
       {Kind::connect, Kind::dns, Kind::tls, Kind::timeout, Kind::reset, Kind::protocol})
    CHECK(of_failure(kind) == HostHealth::bad);
  CHECK(of_failure(Kind::too_large) == HostHealth::good);
  for (const auto kind : {Kind::invalid, Kind::cancelled, Kind::stopping})
    CHECK(of_failure(kind) == HostHealth::unknown);
}

TEST_CASE("outcomes: an answer below 400 is a success, from 400 on a failure with its status") {
  for (const int status : {200, 204, 301, 399}) {
    const auto outcome = answered(status);
    CHECK_FALSE(outcome.failure);
    CHECK(outcome.http_status == status);
  }
  for (const int status : {400, 404, 500, 599}) {
    const auto outcome = answered(status);
    REQUIRE(outcome.failure);
    CHECK(outcome.failure->kind == "http_status");
    CHECK(outcome.failure->message == "github/get-user answered " + std::to_string(status));
    CHECK(outcome.http_status == status);
    CHECK_FALSE(outcome.unknown);
    CHECK_FALSE(outcome.certainly_not_acted);
    CHECK(outcome.result.find("status")->as_integer() == status);
  }
}

TEST_CASE("outcomes: only 429 and 503 say for certain that nothing was done") {
  CHECK(answered(429).certainly_not_acted);
  CHECK(answered(503).certainly_not_acted);
  CHECK_FALSE(answered(500).certainly_not_acted);
  CHECK_FALSE(answered(504).certainly_not_acted);
}

TEST_CASE("outcomes: Retry-After is read as seconds or as a date, and else not at all") {
  CHECK(waits("120") == 120s);
  CHECK(waits("0") == 0s);
  CHECK(waits("Tue, 14 Nov 2023 22:14:20 GMT") == 60s);
  CHECK(waits("Tue, 14 Nov 2023 22:13:00 GMT") == 0s);
  CHECK(waits("99999999999") == std::chrono::hours(366 * 24));
  CHECK(waits("Fri, 31 Dec 9999 23:59:59 GMT") == std::chrono::hours(366 * 24));
  for (const auto* garbage : {"", "soon", "-1", "1.5", "12s", "Tue, 14 Nov 2023 22:14:20 CET",
                              "Tue, 14 Nov 2023 22:14:20 GMT!", "99999999999999999999999"}) {
    CAPTURE(garbage);
    CHECK_FALSE(waits(garbage));
  }
  CHECK_FALSE(tba::connectors::retry_after(HttpResponse{429, {}, ""}, kNow));
  CHECK(answered(503, {{"retry-after", "7"}}).retry_after == 7s);
  CHECK(answered(200, {{"retry-after", "7"}}).retry_after == 7s);  // by rules it may be a failure
}

TEST_CASE("outcomes: a body is the JSON that it says it is, or text, or null") {
  CHECK(body_of(R"({"a": 1})") == R"({"a":1})");
  CHECK(body_of(R"({"a": 1})", "application/json; charset=utf-8") == R"({"a":1})");
  CHECK(body_of(R"({"a": 1})", "application/json ;charset=utf-8") == R"({"a":1})");
  CHECK(body_of(R"({"a": 1})", "Application/JSON") == R"({"a":1})");
  CHECK(body_of(R"({"a": 1})", "application/problem+json") == R"({"a":1})");
  CHECK(body_of("<html>", "application/json") == R"("<html>")");
  CHECK(body_of("12", "text/plain") == R"("12")");
  CHECK(body_of("12", std::nullopt) == R"("12")");
  CHECK(body_of("", "application/json") == "null");
}

TEST_CASE("outcomes: headers that came twice are one text") {
  const auto value =
      response_value({200, {{"link", "<a>"}, {"etag", "\"1\""}, {"link", "<b>"}}, ""});
  CHECK(to_json(*value.find("headers")) == R"({"link":"<a>, <b>","etag":"\"1\""})");
}

TEST_CASE("outcomes: why there is no answer decides what the failure is called") {
  using Kind = HttpFailure::Kind;
  const std::pair<Kind, const char*> kinds[] = {
      {Kind::invalid, "request"},    {Kind::connect, "network"},   {Kind::dns, "network"},
      {Kind::tls, "network"},        {Kind::timeout, "timeout"},   {Kind::reset, "network"},
      {Kind::too_large, "response"}, {Kind::protocol, "response"}, {Kind::cancelled, "cancelled"},
      {Kind::stopping, "network"},
  };
  for (const auto& [kind, name] : kinds) {
    CAPTURE(name_of(kind));
    for (const bool sent : {true, false}) {
      const auto outcome = failed(kind, sent);
      REQUIRE(outcome.failure);
      CHECK(outcome.failure->kind == name);
      CHECK(outcome.failure->message == "github/get-user: it did not work");
      CHECK(outcome.result.is_null());
      CHECK(outcome.http_status == 0);
      CHECK(outcome.unknown == sent);
      CHECK(outcome.certainly_not_acted == !sent);
    }
  }
}

TEST_CASE("outcomes: a program that ends with 0 leaves what it wrote") {
  const auto outcome = outcome_of(ended(0, "hello\n", "note\n"), "notify.sh", false);
  CHECK_FALSE(outcome.failure);
  CHECK(to_json(outcome.result) ==
        R"({"exit_code":0,"stdout":"hello\n","stderr":"note\n","body":null})");
}

TEST_CASE("outcomes: a program fails by its exit code or a signal, with its last words") {
  auto outcome = outcome_of(ended(3, "", "first\nno such user\n\n"), "notify.sh", false);
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->kind == "exit_code");
  CHECK(outcome.failure->message == "notify.sh ended with exit code 3: no such user");
  CHECK(outcome.result.find("exit_code")->as_integer() == 3);
  CHECK_FALSE(outcome.certainly_not_acted);

  outcome = outcome_of(ended(3), "notify.sh", false);
  CHECK(outcome.failure->message == "notify.sh ended with exit code 3");

  outcome = outcome_of(ended(1, "", std::string(10'000, 'x')), "notify.sh", false);
  CHECK(outcome.failure->message.size() < 300);

  ProcessResult killed;
  killed.signal = 9;
  outcome = outcome_of(killed, "notify.sh", false);
  CHECK(outcome.failure->kind == "signal");
  CHECK(outcome.failure->message == "notify.sh was ended by signal 9");
}

TEST_CASE("outcomes: output that was promised to be JSON is it, or the step fails") {
  auto outcome = outcome_of(ended(0, "[1, 2]\n"), "list.sh", true);
  CHECK_FALSE(outcome.failure);
  CHECK(to_json(*outcome.result.find("body")) == "[1,2]");

  for (const auto* output : {"", "oops", "1 2"}) {
    outcome = outcome_of(ended(0, output), "list.sh", true);
    REQUIRE(outcome.failure);
    CHECK(outcome.failure->kind == "output");
    CHECK_THAT(outcome.failure->message, Contains("the output of list.sh is no JSON"));
    CHECK(outcome.result.find("stdout")->as_string() == output);
  }
}
