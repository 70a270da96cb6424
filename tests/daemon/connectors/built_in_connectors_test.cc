// The connectors that are part of the program, as calls and webhooks use them.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "daemon/connectors/authentication.h"
#include "daemon/connectors/request_builder.h"
#include "shared/connector_catalog.h"
#include "shared/value/json.h"
#include "tests/support/result.h"
#include "tests/support/seeded_random.h"

using tba::AuthScheme;
using tba::Value;
using tba::connectors::build_request;
using tba::vault::Credential;
using tba::vault::Secret;

namespace {

Credential api_key(const std::string& connector, const std::string& scheme) {
  Credential made;
  made.name = "mine";
  made.connector = connector;
  made.scheme = scheme;
  made.type = AuthScheme::Type::api_key;
  made.fields.emplace("key", Secret("s3cret"));
  return made;
}

std::string header(const tba::net::HttpRequest& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return "";
}

/// What an API's connector has; of endpoints, and of those that give lists page by page, at least
/// so many.
struct Parts {
  std::string connector;
  std::string auth;
  std::string limits;
  std::string error;  ///< The rules of its answers.
  std::string test;
  std::size_t endpoints = 0;
  std::size_t paged = 0;
  std::string webhook;  ///< How deliveries are verified, and whether they name event and id.
};

const std::vector<Parts> kParts = {
    {"discord", "bot oauth webhook application", "global route", "message retry_after",
     "get-current-user", 39, 2, "ed25519 event id"},
    {"email", "login relay google microsoft", "", "", "check", 2, 0, ""},
    {"github", "token oauth app webhook",
     "primary search code_search graphql secondary writing_minute writing_hour",
     "message limited retry_after", "get-authenticated-user", 66, 24, "hmac_sha256 event id"},
    {"gitlab", "token oauth webhook webhook-signing", "told", "message", "get-current-user", 33, 12,
     "token hmac_sha256 event id"},
    {"gmail", "token oauth service_account", "user sending", "message limited", "get-profile", 19,
     3, ""},
    {"google-calendar", "token oauth service_account webhook", "user", "message limited",
     "list-calendars", 12, 2, "token event id"},
    {"google-drive", "token oauth service_account webhook", "user", "message limited", "get-about",
     18, 3, "token event id"},
    {"google-sheets", "token oauth service_account", "reads writes", "message limited", "get-token",
     12, 0, ""},
    {"jira", "token personal oauth webhook", "site", "message", "get-myself", 23, 5,
     "hmac_sha256 event id"},
    {"mastodon", "token oauth webhook", "account paging posts follows media deletions", "message",
     "verify-credentials", 21, 7, "hmac_sha256 event"},
    {"notion", "token oauth webhook", "connection", "message", "get-me", 17, 5,
     "hmac_sha256 event id offers"},
    {"openai", "key webhook", "requests tokens", "message final", "list-models", 17, 2,
     "hmac_sha256 event id"},
    {"reddit", "token oauth", "client", "when message limited retry_after", "get-me", 22, 8, ""},
    {"slack", "token oauth incoming webhook", "tier2 tier3 tier4 webhook posting",
     "when message limited", "auth-test", 29, 5, "hmac_sha256 event id"},
    {"steam", "key", "key", "when message", "list-apps", 16, 1, ""},
    {"stripe", "key webhook", "account endpoint", "message final", "get-balance", 35, 10,
     "hmac_sha256 event id"},
    {"telegram", "bot webhook", "bot chat", "when message retry_after", "get-me", 29, 1,
     "token event id"},
    {"twitch", "token oauth webhook", "client", "message", "list-users", 19, 8,
     "hmac_sha256 event id"},
    {"x", "token oauth oauth1 webhook", "endpoint user_day app_day", "when message", "get-me", 29,
     7, "hmac_sha256 event"},
};

/// Adds the word, behind a blank where it is not the first.
void add_word(std::string& words, std::string_view word) {
  if (!words.empty()) words += ' ';
  words += word;
}

template <class Items>
std::string names_in(const Items& items) {
  std::string names;
  for (const auto& item : items) add_word(names, item.name);
  return names;
}

std::string rules_in(const tba::AnswerRules::Failure& failure) {
  std::string rules;
  if (failure.when) add_word(rules, "when");
  if (failure.message) add_word(rules, "message");
  if (failure.limited) add_word(rules, "limited");
  if (failure.retry_after) add_word(rules, "retry_after");
  if (failure.final) add_word(rules, "final");
  return rules;
}

std::string preset_in(const std::optional<tba::WebhookScheme>& webhook) {
  using Scheme = tba::WebhookVerification::Scheme;
  std::string preset;
  if (!webhook) return preset;
  for (const auto& verification : webhook->verifications) {
    if (verification.scheme == Scheme::hmac_sha256) add_word(preset, "hmac_sha256");
    if (verification.scheme == Scheme::ed25519) add_word(preset, "ed25519");
    if (verification.scheme == Scheme::token) add_word(preset, "token");
  }
  if (webhook->event.is_known()) add_word(preset, "event");
  if (webhook->delivery_id.is_known()) add_word(preset, "id");
  if (webhook->offers_secrets()) add_word(preset, "offers");
  return preset;
}

}  // namespace

TEST_CASE("built-in connectors: each has what its API needs") {
  for (const auto& parts : kParts) {
    CAPTURE(parts.connector);
    const auto connector = tba::built_in_connectors().find(parts.connector);
    REQUIRE(connector);
    CHECK_FALSE(connector->title.empty());
    CHECK(names_in(connector->auth) == parts.auth);
    CHECK(names_in(connector->rate_limits) == parts.limits);
    CHECK(rules_in(connector->endpoints.front().answer.failure) == parts.error);
    CHECK(connector->test == parts.test);
    CHECK(connector->endpoints.size() >= parts.endpoints);
    CHECK(static_cast<std::size_t>(
              std::ranges::count_if(connector->endpoints, [](const tba::Endpoint& endpoint) {
                return endpoint.pagination != nullptr;
              })) >= parts.paged);
    CHECK(preset_in(connector->webhook) == parts.webhook);
  }
}

TEST_CASE("built-in connectors: whichever can be tested is known to do what it should") {
  const auto catalog = tba::built_in_connectors();
  for (const auto& name : catalog.names()) {
    CAPTURE(name);
    if (!catalog.find(name)->test.empty())
      CHECK(std::ranges::find(kParts, name, &Parts::connector) != kParts.end());
  }
}

TEST_CASE("built-in connectors: GitHub's issue call has its headers, path and body") {
  const auto github = tba::built_in_connectors().find("github");
  REQUIRE(github);
  Credential token;
  token.name = "mine";
  token.connector = "github";
  token.scheme = "token";
  token.fields.emplace("token", Secret("s3cret"));
  token.base_url = "http://127.0.0.1:9000";
  auto request = build_request(
      *github, *github->endpoint("create-comment"),
      tba::parse_json(R"({"owner":"octo","repo":"hello world","issue_number":7,"body":"Hi"})")
          .value(),
      &token);
  REQUIRE(request);
  tba::tests::SeededRandom random(1);
  REQUIRE(tba::connectors::authenticate(*request, *github, token, {{}, random}));
  CHECK(request->method == "POST");
  CHECK(request->url == "http://127.0.0.1:9000/repos/octo/hello%20world/issues/7/comments");
  CHECK(request->body == R"({"body":"Hi"})");
  CHECK(header(*request, "Authorization") == "Bearer s3cret");
  CHECK(header(*request, "Accept") == "application/vnd.github+json");
  CHECK(header(*request, "X-GitHub-Api-Version") == "2022-11-28");
}

TEST_CASE("built-in connectors: Discord is called as a bot, or through a webhook's token") {
  const auto discord = tba::built_in_connectors().find("discord");
  REQUIRE(discord);
  const auto bot = api_key("discord", "bot");
  auto message =
      build_request(*discord, *discord->endpoint("create-message"),
                    tba::parse_json(R"({"channel_id":"1122","content":"Hi"})").value(), &bot);
  REQUIRE(message);
  tba::tests::SeededRandom random(1);
  REQUIRE(tba::connectors::authenticate(*message, *discord, bot, {{}, random}));
  CHECK(message->url == "https://discord.com/api/v10/channels/1122/messages");
  CHECK(header(*message, "Authorization") == "Bot s3cret");

  const auto& execute = *discord->endpoint("execute-webhook");
  const auto parameters =
      tba::parse_json(R"({"webhook_id":"1122","wait":true,"content":"Hi"})").value();
  const auto webhook = api_key("discord", "webhook");
  auto executed = build_request(*discord, execute, parameters, &webhook);
  REQUIRE(executed);
  REQUIRE(tba::connectors::authenticate(*executed, *discord, webhook, {{}, random}));
  CHECK(executed->url == "https://discord.com/api/v10/webhooks/1122/s3cret?wait=true");
  CHECK(header(*executed, "Authorization").empty());

  const auto without = build_request(*discord, execute, parameters, &bot);
  REQUIRE_FALSE(without);
  CHECK(without.error().message ==
        "discord/execute-webhook: nothing is given for {webhook_token} in its URL");
}

TEST_CASE("built-in connectors: Slack's incoming webhooks and uploads have hosts of their own") {
  const auto slack = tba::built_in_connectors().find("slack");
  const auto incoming = api_key("slack", "incoming");
  const auto message = build_request(
      *slack, *slack->endpoint("execute-webhook"),
      tba::parse_json(R"({"team_id":"T1","webhook_id":"B2","text":"Hi"})").value(), &incoming);
  REQUIRE(message);
  CHECK(message->url.starts_with("https://hooks.slack.com/services/T1/B2/"));
  CHECK(message->body == R"({"text":"Hi"})");
  const auto file = build_request(
      *slack, *slack->endpoint("upload-file"),
      tba::parse_json(R"({"upload":"CwABAA","content":{"base64":"AAE="}})").value(), nullptr);
  REQUIRE(file);
  CHECK(file->url == "https://files.slack.com/upload/v1/CwABAA");
  CHECK(file->body == std::string("\0\1", 2));
}

TEST_CASE("built-in connectors: a file of a release goes to GitHub's host for uploads") {
  const auto github = tba::built_in_connectors().find("github");
  const auto request = build_request(
      *github, *github->endpoint("upload-release-asset"),
      tba::parse_json(R"({"owner":"o","repo":"r","release_id":7,"name":"a.tar","content":"x"})")
          .value(),
      nullptr);
  REQUIRE(request);
  CHECK(request->url == "https://uploads.github.com/repos/o/r/releases/7/assets?name=a.tar");
  CHECK(request->body == "x");
  CHECK(header(*request, "Content-Type") == "application/octet-stream");
}

TEST_CASE("built-in connectors: Discord's commands are a list") {
  const auto discord = tba::built_in_connectors().find("discord");
  const auto bot = api_key("discord", "bot");
  const auto request = build_request(
      *discord, *discord->endpoint("set-guild-commands"),
      tba::parse_json(R"({"application_id":"1","guild_id":"2","commands":[{"name":"score"}]})")
          .value(),
      &bot);
  REQUIRE(request);
  CHECK(request->method == "PUT");
  CHECK(request->url == "https://discord.com/api/v10/applications/1/guilds/2/commands");
  CHECK(request->body == R"([{"name":"score"}])");
}
