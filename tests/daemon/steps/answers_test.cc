#include "daemon/steps/answers.h"

#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "daemon/steps/outcomes.h"
#include "shared/connector_reader.h"
#include "shared/value/json.h"

using Catch::Matchers::Contains;
using tba::engine::AttemptOutcome;
using tba::net::HttpResponse;
using namespace std::chrono_literals;

namespace {

tba::Connector connector_with(const std::string& rules, const std::string& own_rules = "") {
  tba::Diagnostics diagnostics;
  auto connector = tba::read_connector("answers.yaml",
                                       "connector: api\n"
                                       "base_url: https://api.example\n" +
                                           rules +
                                           "endpoints:\n"
                                           "  ask:\n"
                                           "    method: POST\n"
                                           "    path: /\n" +
                                           own_rules,
                                       diagnostics);
  INFO(diagnostics.render());
  REQUIRE(connector);
  return *std::move(connector);
}

AttemptOutcome outcome_of(const tba::Connector& connector, int status, std::string body,
                          tba::net::HeaderFields headers = {}) {
  HttpResponse response{status, std::move(headers), std::move(body)};
  response.headers.emplace_back("content-type", "application/json");
  auto by_status = tba::steps::outcome_of(tba::net::HttpResult(std::move(response)), "api/ask", {});
  return tba::steps::by_rules(connector.endpoints.front().answer, std::move(by_status), "api/ask");
}

std::string body_of(const AttemptOutcome& outcome) {
  return to_json(*outcome.result.find("body"));
}

}  // namespace

TEST_CASE("answers: without rules the status says all") {
  const auto connector = connector_with("");
  CHECK_FALSE(outcome_of(connector, 200, R"({"ok":false})").failure);
  CHECK(outcome_of(connector, 404, "{}").failure->message == "api/ask answered 404");
}

TEST_CASE("answers: a rule tells of a failure that the status does not") {
  const auto connector = connector_with(
      "error: { when: '${{ .body.ok == false }}', message: '${{ .body.error }}' }\n");
  CHECK_FALSE(outcome_of(connector, 200, R"({"ok":true})").failure);
  CHECK_FALSE(outcome_of(connector, 200, R"("ok")").failure);  // cannot be evaluated

  const auto failed = outcome_of(connector, 200, R"({"ok":false,"error":"channel_not_found"})");
  REQUIRE(failed.failure);
  CHECK(failed.failure->kind == "api");
  CHECK(failed.failure->message == "api/ask: channel_not_found");
  CHECK(failed.http_status == 200);
  CHECK_FALSE(failed.certainly_not_acted);
  CHECK(body_of(failed) == R"({"ok":false,"error":"channel_not_found"})");

  CHECK(outcome_of(connector, 200, R"({"ok":false})").failure->message ==
        "api/ask: the API tells of a failure");
  CHECK(outcome_of(connector, 200, R"({"ok":false,"error":{"code":7}})").failure->message ==
        R"(api/ask: {"code":7})");
}

TEST_CASE("answers: a message is put behind what the status says, and is bounded") {
  const auto connector = connector_with("error: { message: '${{ .body.message }}' }\n");
  const auto failed = outcome_of(connector, 404, R"({"message":"no such user"})");
  CHECK(failed.failure->kind == "http_status");
  CHECK(failed.failure->message == "api/ask answered 404: no such user");
  CHECK(outcome_of(connector, 404, "[]").failure->message == "api/ask answered 404");

  std::string long_text = "a";
  while (long_text.size() < 600) long_text += "ü";
  const auto cut = outcome_of(connector, 500, R"({"message":")" + long_text + "\"}");
  CHECK(cut.failure->message == "api/ask answered 500: " + long_text.substr(0, 499));
}

TEST_CASE("answers: an API may ask to come later in words of its own") {
  const auto connector = connector_with(
      "error:\n"
      "  limited: ${{ .body.error.errors[0].reason == \"rateLimitExceeded\" }}\n"
      "  retry_after: ${{ .body.parameters.retry_after }}\n");
  const auto limited =
      outcome_of(connector, 403, R"({"error":{"errors":[{"reason":"rateLimitExceeded"}]}})");
  CHECK(limited.http_status == 429);
  CHECK(limited.certainly_not_acted);
  CHECK_FALSE(limited.retry_after);
  const auto denied = outcome_of(connector, 403, R"({"error":{"errors":[{"reason":"other"}]}})");
  CHECK(denied.http_status == 403);
  CHECK_FALSE(denied.certainly_not_acted);

  const auto wait = [&](const std::string& text) {
    return outcome_of(connector, 429, R"({"parameters":{"retry_after":)" + text + "}}",
                      {{"retry-after", "9"}})
        .retry_after;
  };
  CHECK(wait("3") == 3s);
  CHECK(wait("0.0015") == 2ms);
  CHECK(wait("1e300") == 366 * 24h);
  CHECK(wait("-1") == 9s);
  CHECK(wait("\"3\"") == 9s);
  CHECK(wait("null") == 9s);
}

TEST_CASE("answers: Retry-After says when to come again, whatever the status is") {
  const auto connector = connector_with(
      "error:\n"
      "  when: ${{ .body.ok == false }}\n"
      "  limited: ${{ .body.error == \"ratelimited\" }}\n");
  const auto limited =
      outcome_of(connector, 200, R"({"ok":false,"error":"ratelimited"})", {{"retry-after", "30"}});
  CHECK(limited.http_status == 429);
  CHECK(limited.certainly_not_acted);
  CHECK(limited.retry_after == 30s);
}

TEST_CASE("answers: an API may say that coming later is of no use") {
  const auto connector =
      connector_with("error: { final: '${{ .body.code == \"insufficient_quota\" }}' }\n");
  const auto used_up = outcome_of(connector, 429, R"({"code":"insufficient_quota"})");
  CHECK(used_up.is_final);
  CHECK_FALSE(tba::steps::asks_to_wait(used_up));
  const auto limited = outcome_of(connector, 429, R"({"code":"rate_limit_exceeded"})");
  CHECK_FALSE(limited.is_final);
  CHECK(tba::steps::asks_to_wait(limited));
}

TEST_CASE("answers: output takes the place of the body, where the call succeeded") {
  const auto connector = connector_with("output: ${{ .body.result }}\n");
  CHECK(body_of(outcome_of(connector, 200, R"({"result":[1]})")) == "[1]");
  CHECK(body_of(outcome_of(connector, 200, "{}")) == "null");
  CHECK(body_of(outcome_of(connector, 404, R"({"result":1})")) == R"({"result":1})");

  const auto unfit = outcome_of(connector, 200, "[]");
  REQUIRE(unfit.failure);
  CHECK(unfit.failure->kind == "response");
  CHECK_THAT(unfit.failure->message,
             Contains("api/ask: the connector's `output` does not fit the answer: "));

  const auto several = connector_with("output: ${{ .body[] }}\n");
  CHECK_THAT(outcome_of(several, 200, "[1,2]").failure->message, Contains("several values"));
  CHECK(body_of(outcome_of(several, 200, "[]")) == "null");
}

TEST_CASE("answers: an endpoint's rules take the place of the connector's, each of its own") {
  const auto connector = connector_with(
      "error: { when: '${{ .body.ok == false }}' }\n"
      "output: ${{ .body.result }}\n",
      "    output: ${{ .headers.etag }}\n");
  CHECK(body_of(outcome_of(connector, 200, "{}", {{"etag", "x"}})) == "\"x\"");
  CHECK(outcome_of(connector, 200, R"({"ok":false})").failure);

  const auto silent = connector_with("error: { when: '${{ .body.ok == false }}' }\n",
                                     "    error: { message: '${{ .body.why }}' }\n");
  CHECK_FALSE(outcome_of(silent, 200, R"({"ok":false})").failure);
}

TEST_CASE("answers: no answer has no rules") {
  const auto connector = connector_with("error: { when: '${{ true }}' }\n");
  AttemptOutcome none;
  none.failure = tba::storage::Failure{"network", "gone", ""};
  const auto outcome =
      tba::steps::by_rules(connector.endpoints.front().answer, std::move(none), "api/ask");
  CHECK(outcome.failure->message == "gone");
}
