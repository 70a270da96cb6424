// What the answers of real APIs mean by the rules of the connectors that are part of the program.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "daemon/steps/answers.h"
#include "daemon/steps/outcomes.h"
#include "shared/connector_catalog.h"

using tba::engine::AttemptOutcome;
using namespace std::chrono_literals;

namespace {

/// An answer, and what it means for the call.
struct Sample {
  std::string connector;
  std::string endpoint;
  int status = 200;
  tba::net::HeaderFields headers;
  std::string body;
  std::string message;  ///< Behind the call's name; empty: the call has succeeded.
  bool asks_to_wait = false;
  std::optional<std::chrono::milliseconds> wait = {};
  bool is_final = false;
};

AttemptOutcome outcome_of(const Sample& sample) {
  const auto connector = tba::built_in_connectors().find(sample.connector);
  REQUIRE(connector);
  const auto* endpoint = connector->endpoint(sample.endpoint);
  REQUIRE(endpoint);
  tba::net::HttpResponse response{sample.status, sample.headers, sample.body};
  if (response.body.starts_with('{'))
    response.headers.emplace_back("content-type", "application/json; charset=utf-8");
  auto by_status = tba::steps::outcome_of(tba::net::HttpResult(std::move(response)), "call", {});
  return tba::steps::by_rules(endpoint->answer, std::move(by_status), "call");
}

void check(const std::vector<Sample>& samples) {
  for (const auto& sample : samples) {
    CAPTURE(sample.connector, sample.endpoint, sample.status, sample.body);
    const auto outcome = outcome_of(sample);
    CHECK((outcome.failure ? outcome.failure->message : "") ==
          (sample.message.empty() ? "" : "call" + sample.message));
    CHECK(tba::steps::asks_to_wait(outcome) == sample.asks_to_wait);
    CHECK(outcome.retry_after == sample.wait);
    CHECK(outcome.is_final == sample.is_final);
  }
}

}  // namespace

TEST_CASE("built-in answers: failures that come with status 200 are found") {
  check({
      {"slack", "post-message", 200, {}, R"({"ok":true,"ts":"1.2"})", ""},
      {"slack",
       "post-message",
       200,
       {},
       R"({"ok":false,"error":"channel_not_found"})",
       ": channel_not_found"},
      {"telegram", "get-me", 200, {}, R"({"ok":true,"result":{"id":1}})", ""},
      {"x", "get-user", 200, {}, R"({"data":{"id":"1"}})", ""},
      {"x", "search-posts", 200, {}, R"({"meta":{"result_count":0}})", ""},
      {"x",
       "list-users",
       200,
       {},
       R"({"data":[{"id":"1"}],"errors":[{"detail":"Could not find user with ids: [2]."}]})",
       ""},
      {"x",
       "get-user",
       200,
       {},
       R"({"errors":[{"value":"2","detail":"Could not find user with id: [2].",)"
       R"("title":"Not Found Error","resource_type":"user","parameter":"id"}]})",
       ": Could not find user with id: [2]."},
      {"x", "get-user", 200, {}, R"({"errors":[{"title":"Forbidden"}]})", ": Forbidden"},
      {"reddit", "get-me", 200, {}, R"({"name":"ann"})", ""},
      {"reddit",
       "comment",
       200,
       {},
       R"({"json":{"errors":[["THREAD_LOCKED","comments are locked","parent"]]}})",
       ": THREAD_LOCKED: comments are locked"},
      {"steam", "get-players", 200, {}, R"({"response":{"players":[]}})", ""},
      {"steam",
       "resolve-name",
       200,
       {},
       R"({"response":{"success":42,"message":"No match"}})",
       ": No match"},
      {"steam",
       "resolve-name",
       200,
       {},
       R"({"response":{"success":1,"steamid":"76561197960435530"}})",
       ""},
      {"steam",
       "list-achievements",
       200,
       {},
       R"({"playerstats":{"error":"Requested app has no stats","success":false}})",
       ": Requested app has no stats"},
  });
}

TEST_CASE("built-in answers: what an API says of a failure is in its message") {
  check({
      {"github",
       "get-user",
       404,
       {},
       R"({"message":"Not Found","documentation_url":"https://docs.github.com/rest"})",
       " answered 404: Not Found"},
      {"gitlab",
       "get-project",
       404,
       {},
       R"({"message":"404 Project Not Found"})",
       " answered 404: 404 Project Not Found"},
      {"gitlab",
       "get-project",
       401,
       {},
       R"({"error":"invalid_token"})",
       " answered 401: invalid_token"},
      {"jira",
       "create-issue",
       400,
       {},
       R"({"errorMessages":[],"errors":{"summary":"You must specify a summary of the issue."}})",
       " answered 400: summary: You must specify a summary of the issue."},
      {"jira",
       "get-issue",
       404,
       {},
       R"({"errorMessages":["Issue does not exist or you do not have permission to see it."]})",
       " answered 404: Issue does not exist or you do not have permission to see it."},
      {"notion",
       "get-me",
       401,
       {},
       R"({"object":"error","status":401,"code":"unauthorized","message":"API token is invalid."})",
       " answered 401: API token is invalid."},
      {"mastodon",
       "get-status",
       404,
       {},
       R"({"error":"Record not found"})",
       " answered 404: Record not found"},
      {"mastodon",
       "get-status",
       401,
       {},
       R"({"error":"invalid_grant","error_description":"The grant is invalid"})",
       " answered 401: The grant is invalid"},
      {"twitch",
       "list-users",
       401,
       {},
       R"({"error":"Unauthorized","status":401,"message":"Invalid OAuth token"})",
       " answered 401: Invalid OAuth token"},
      {"stripe",
       "get-balance",
       402,
       {},
       R"({"error":{"type":"card_error","code":"card_declined","message":"Your card was declined."}})",
       " answered 402: Your card was declined."},
      {"openai",
       "list-models",
       401,
       {},
       R"({"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}})",
       " answered 401: Incorrect API key provided"},
      {"x",
       "get-post",
       400,
       {},
       R"({"errors":[{"parameters":{"id":["a"]},"message":"The `id` is not valid"}],)"
       R"("title":"Invalid Request","detail":"One or more parameters to your request was invalid."})",
       " answered 400: The `id` is not valid"},
      {"x",
       "get-me",
       401,
       {},
       R"({"title":"Unauthorized","type":"about:blank","status":401,"detail":"Unauthorized"})",
       " answered 401: Unauthorized"},
      {"discord",
       "get-channel",
       404,
       {},
       R"({"message":"Unknown Channel","code":10003})",
       " answered 404: Unknown Channel"},
      {"steam", "get-players", 403, {}, "<html>Forbidden</html>", " answered 403"},
  });
}

TEST_CASE("built-in answers: an API that wants to be asked later is understood") {
  check({
      {"slack",
       "list-users",
       429,
       {{"retry-after", "30"}},
       R"({"ok":false,"error":"ratelimited"})",
       " answered 429: ratelimited",
       true,
       30s},
      {"slack",
       "list-users",
       200,
       {{"retry-after", "5"}},
       R"({"ok":false,"error":"ratelimited"})",
       ": ratelimited",
       true,
       5s},
      {"telegram",
       "send-message",
       429,
       {},
       R"({"ok":false,"error_code":429,"description":"Too Many Requests: retry after 35",)"
       R"("parameters":{"retry_after":35}})",
       " answered 429: Too Many Requests: retry after 35",
       true,
       35s},
      {"discord",
       "create-message",
       429,
       {{"retry-after", "65"}, {"x-ratelimit-scope", "user"}},
       R"({"message":"You are being rate limited.","retry_after":64.57,"global":false})",
       " answered 429: You are being rate limited.",
       true,
       64570ms},
      {"reddit",
       "comment",
       200,
       {},
       R"({"json":{"ratelimit":180.5,"errors":[["RATELIMIT","you are doing that too much",)"
       R"("ratelimit"]]}})",
       ": RATELIMIT: you are doing that too much",
       true,
       180500ms},
      {"twitch",
       "list-users",
       429,
       {{"ratelimit-remaining", "0"}},
       R"({"error":"Too Many Requests","status":429,"message":"rate limit exceeded"})",
       " answered 429: rate limit exceeded",
       true},
      {"notion",
       "search",
       429,
       {{"retry-after", "2"}},
       R"({"object":"error","status":429,"code":"rate_limited","message":"You have been rate limited."})",
       " answered 429: You have been rate limited.",
       true,
       2s},
      {"jira",
       "get-myself",
       429,
       {{"retry-after", "7"}},
       R"({"message":"Rate limit exceeded."})",
       " answered 429: Rate limit exceeded.",
       true,
       7s},
      {"jira", "get-myself", 503, {{"retry-after", "9"}}, "", " answered 503", true, 9s},
      {"mastodon",
       "create-status",
       429,
       {},
       R"({"error":"Too many requests"})",
       " answered 429: Too many requests",
       true},
      {"gitlab",
       "get-project",
       429,
       {{"retry-after", "60"}},
       "Retry later\n",
       " answered 429",
       true,
       60s},
      {"stripe",
       "get-balance",
       429,
       {},
       R"({"error":{"type":"invalid_request_error","code":"rate_limit","message":"Slow down."}})",
       " answered 429: Slow down.",
       true},
      {"openai",
       "create-response",
       429,
       {{"retry-after", "1"}},
       R"({"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}})",
       " answered 429: Rate limit reached",
       true,
       1s},
      {"x",
       "get-me",
       429,
       {{"x-rate-limit-remaining", "0"}},
       R"({"title":"Too Many Requests","detail":"Too Many Requests","status":429})",
       " answered 429: Too Many Requests",
       true},
      {"steam", "get-players", 429, {}, "<html>Too Many Requests</html>", " answered 429", true},
  });
}

TEST_CASE("built-in answers: what is of no use to try again is known") {
  const Sample used_up{"openai",
                       "create-response",
                       429,
                       {},
                       R"({"error":{"message":"You exceeded your current quota",)"
                       R"("code":"insufficient_quota"}})",
                       " answered 429: You exceeded your current quota",
                       false,
                       {},
                       true};
  const Sample refused{"stripe",
                       "create-customer",
                       500,
                       {{"stripe-should-retry", "false"}},
                       R"({"error":{"message":"No"}})",
                       " answered 500: No",
                       false,
                       {},
                       true};
  check({used_up, refused});
}

TEST_CASE("built-in answers: Google says what is wrong with a token") {
  check({{"google-sheets",
          "get-token",
          400,
          {},
          R"({"error":"invalid_token","error_description":"Invalid Value"})",
          " answered 400: Invalid Value"},
         {"google-sheets",
          "get-token",
          400,
          {},
          R"({"error":"invalid_token"})",
          " answered 400: invalid_token"}});
}

TEST_CASE("built-in answers: Google says by its reasons whether to come later") {
  const std::vector<std::pair<std::string, std::string>> calls = {
      {"gmail", "get-profile"},
      {"google-calendar", "list-calendars"},
      {"google-drive", "get-about"},
      {"google-sheets", "get-values"},
  };
  const auto body = [](const std::string& reason) {
    return R"({"error":{"code":403,"message":"No","errors":[{"domain":"usageLimits","reason":")" +
           reason + R"("}]}})";
  };
  for (const auto& [connector, endpoint] : calls) {
    const std::string message = " answered 403: No";
    check({
        {connector, endpoint, 403, {}, body("rateLimitExceeded"), message, true},
        {connector, endpoint, 403, {}, body("userRateLimitExceeded"), message, true},
        // What is used up for the day, or for ever, is not there in a moment.
        {connector, endpoint, 403, {}, body("quotaExceeded"), message},
        {connector, endpoint, 403, {}, body("dailyLimitExceeded"), message},
        {connector, endpoint, 403, {}, body("forbidden"), message},
        {connector,
         endpoint,
         429,
         {},
         R"({"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED"}})",
         " answered 429: Quota exceeded",
         true},
    });
  }
}

TEST_CASE("built-in answers: GitHub's limits are told from what is not allowed") {
  const std::string secondary =
      R"({"message":"You have exceeded a secondary rate limit. Please wait a few minutes."})";
  const std::string told = ": You have exceeded a secondary rate limit. Please wait a few minutes.";
  check({
      {"github",
       "get-user",
       403,
       {{"x-ratelimit-remaining", "4321"}},
       R"({"message":"Must have admin rights to Repository."})",
       " answered 403: Must have admin rights to Repository."},
      {"github", "get-user", 403, {}, "", " answered 403"},
      {"github",
       "get-user",
       403,
       {{"x-ratelimit-remaining", "0"}},
       R"({"message":"API rate limit exceeded for user ID 1."})",
       " answered 403: API rate limit exceeded for user ID 1.",
       true},
      {"github",
       "create-comment",
       403,
       {{"retry-after", "17"}, {"x-ratelimit-remaining", "4321"}},
       secondary,
       " answered 403" + told,
       true,
       17s},
      {"github",
       "search-issues",
       403,
       {{"x-ratelimit-remaining", "4321"}},
       secondary,
       " answered 403" + told,
       true,
       60s},
      {"github", "search-issues", 403, {}, secondary, " answered 403" + told, true, 60s},
      {"github", "search-issues", 429, {}, secondary, " answered 429" + told, true, 60s},
      {"github",
       "search-issues",
       429,
       {{"x-ratelimit-remaining", "0"}},
       secondary,
       " answered 429" + told,
       true},
      {"github",
       "graphql",
       200,
       {{"x-ratelimit-remaining", "0"}},
       R"({"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]})",
       ": API rate limit exceeded",
       true},
      {"github",
       "graphql",
       200,
       {},
       R"({"errors":[{"message":"You have exceeded a secondary rate limit"}]})",
       ": You have exceeded a secondary rate limit",
       true,
       60s},
      {"github", "graphql", 403, {}, secondary, " answered 403" + told, true, 60s},
      {"github",
       "graphql",
       200,
       {},
       R"({"data":null,"errors":[{"type":"NOT_FOUND","message":"Could not resolve to a User"}]})",
       ": Could not resolve to a User"},
  });
}
