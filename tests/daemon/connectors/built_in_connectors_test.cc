// The connectors that are part of the program, as calls and webhooks use them.

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

}  // namespace

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
