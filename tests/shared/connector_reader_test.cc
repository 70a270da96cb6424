#include "shared/connector_reader.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "shared/connector_catalog.h"

using tba::AuthScheme;
using tba::Connector;
using tba::Diagnostics;
using tba::ParameterPlace;
using tba::ValueType;
using namespace std::chrono_literals;

namespace {

const tba::Parameter* parameter(const tba::Endpoint& endpoint, std::string_view name) {
  const auto found = std::find_if(endpoint.parameters.begin(), endpoint.parameters.end(),
                                  [&](const auto& each) { return each.name == name; });
  return found != endpoint.parameters.end() ? &*found : nullptr;
}

Connector read(std::string text) {
  Diagnostics diagnostics;
  auto connector = tba::read_connector("a.yaml", std::move(text), diagnostics);
  INFO(diagnostics.render());
  REQUIRE(connector);
  return *std::move(connector);
}

}  // namespace

TEST_CASE("built-in connectors: github has its endpoints, schemes and webhook") {
  const auto github = tba::built_in_connectors().find("github");
  REQUIRE(github);
  CHECK(github->base_url == "https://api.github.com");
  CHECK(github->scheme("token")->type == AuthScheme::Type::bearer);
  CHECK(github->scheme("webhook")->type == AuthScheme::Type::webhook_secret);
  for (const auto* id : {"get-authenticated-user", "get-user", "list-repos", "get-issue",
                         "create-issue", "create-comment", "add-labels"}) {
    CAPTURE(id);
    REQUIRE(github->endpoint(id) != nullptr);
  }
  CHECK(github->endpoint("no-such") == nullptr);
  const auto& create = *github->endpoint("create-issue");
  CHECK(create.method == "POST");
  CHECK(create.path == "/repos/{owner}/{repo}/issues");
  CHECK(parameter(create, "title")->required);
  CHECK(parameter(create, "labels")->type() == ValueType::array);
  CHECK(parameter(create, "owner")->place == ParameterPlace::path);
  CHECK(github->test == "get-authenticated-user");
  CHECK_FALSE(github->text.empty());
  REQUIRE(github->webhook);
  REQUIRE(github->webhook->verifications.size() == 1);
  CHECK(github->webhook->verifications[0].header == "X-Hub-Signature-256");
  CHECK(github->webhook->verifications[0].prefix == "sha256=");
  CHECK(github->webhook->event.header == "X-GitHub-Event");
  CHECK(github->webhook->action_key == "action");
  CHECK(github->webhook->delivery_id.header == "X-GitHub-Delivery");
}

TEST_CASE("built-in connectors: discord writes as a bot or through a webhook") {
  const auto catalog = tba::built_in_connectors();
  const auto discord = catalog.find("discord");
  REQUIRE(discord);
  const auto* bot = discord->scheme("bot");
  REQUIRE(bot != nullptr);
  CHECK(bot->type == AuthScheme::Type::api_key);
  CHECK(bot->place == AuthScheme::Place::header);
  CHECK(bot->parameter == "Authorization");
  CHECK(bot->prefix == "Bot ");
  const auto* webhook = discord->scheme("webhook");
  REQUIRE(webhook != nullptr);
  CHECK(webhook->place == AuthScheme::Place::path);
  CHECK(webhook->parameter == "webhook_token");
  CHECK(discord->scheme("no-such") == nullptr);
  CHECK(discord->endpoint("create-message")->method == "POST");
  CHECK(discord->endpoint("execute-webhook")->path == "/webhooks/{webhook_id}/{webhook_token}");
}

TEST_CASE("built-in connectors: all of them are there, with what an integration needs") {
  const auto catalog = tba::built_in_connectors();
  CHECK(catalog.names() == std::vector<std::string>{"discord",
                                                    "email",
                                                    "github",
                                                    "gitlab",
                                                    "gmail",
                                                    "google-calendar",
                                                    "google-drive",
                                                    "google-sheets",
                                                    "http",
                                                    "jira",
                                                    "mastodon",
                                                    "notion",
                                                    "openai",
                                                    "reddit",
                                                    "slack",
                                                    "standard-webhooks",
                                                    "steam",
                                                    "stripe",
                                                    "telegram",
                                                    "twitch",
                                                    "x"});
  for (const auto& name : catalog.names()) {
    CAPTURE(name);
    const auto connector = catalog.find(name);
    CHECK_FALSE(connector->title.empty());
    CHECK_FALSE(connector->auth.empty());
    if (connector->webhook) CHECK(connector->webhook->event.is_known());
    CHECK((connector->webhook || !connector->endpoints.empty() || name == "http"));
  }
}

TEST_CASE("built-in connectors: each endpoint says what it does, in one line") {
  const auto catalog = tba::built_in_connectors();
  for (const auto& name : catalog.names()) {
    for (const auto& endpoint : catalog.find(name)->endpoints) {
      CAPTURE(name, endpoint.id);
      CHECK_FALSE(endpoint.title.empty());
      CHECK(endpoint.title.size() <= 80);
      for (const auto& parameter : endpoint.parameters) {
        CAPTURE(parameter.name);
        CHECK(parameter.description.size() <= 100);
      }
    }
  }
}

TEST_CASE("catalog: a connector replaces the one of its name") {
  auto catalog = tba::built_in_connectors();
  catalog.put(std::make_shared<const Connector>(
      read("connector: github\nbase_url: http://127.0.0.1:1/\nendpoints: {}\n")));
  CHECK(catalog.find("github")->base_url == "http://127.0.0.1:1");
  CHECK(catalog.names() == tba::built_in_connectors().names());
  CHECK(catalog.find("no-such") == nullptr);
}

TEST_CASE("connector: what is not said has its default") {
  const auto connector = read(
      "connector: tiny\n"
      "base_url: https://tiny.example\n"
      "endpoints:\n"
      "  get: { method: GET, path: /, parameters: { q: { in: query } } }\n");
  CHECK(connector.title == "tiny");
  CHECK_FALSE(connector.retry);
  CHECK_FALSE(connector.webhook);
  CHECK(connector.idempotency.header.empty());
  const auto& endpoint = connector.endpoints.front();
  CHECK(endpoint.title == "get");
  CHECK(endpoint.parameters.front().type() == ValueType::any);
  CHECK_FALSE(endpoint.parameters.front().required);
  CHECK_FALSE(endpoint.parameters.front().default_value);
}

TEST_CASE("connector: retry, defaults, headers and keys of every kind are read") {
  const auto connector = read(
      "connector: full\n"
      "title: Full API\n"
      "base_url: https://full.example/v1/\n"
      "auth:\n"
      "  key: { type: api_key, in: query, parameter: key }\n"
      "  login: { type: basic }\n"
      "headers: { X-Version: 2 }\n"
      "retry: { attempts: 5, initial: 2s, max: 1m, factor: 3, jitter: false, on: [network, 429, "
      "5xx] }\n"
      "idempotency: { header: Idempotency-Key }\n"
      "endpoints:\n"
      "  put:\n"
      "    method: PUT\n"
      "    path: /things/{id}\n"
      "    parameters:\n"
      "      id: { in: path, type: integer, default: 7 }\n"
      "      tags: { in: body, type: array, default: [a], description: words }\n");
  CHECK(connector.base_url == "https://full.example/v1");
  CHECK(connector.scheme("key")->place == AuthScheme::Place::query);
  CHECK(connector.scheme("login")->type == AuthScheme::Type::basic);
  CHECK(connector.headers == std::vector<std::pair<std::string, std::string>>{{"X-Version", "2"}});
  CHECK(connector.idempotency.header == "Idempotency-Key");
  REQUIRE(connector.retry);
  CHECK(connector.retry->attempts == 5);
  CHECK(connector.retry->initial == 2s);
  CHECK(connector.retry->max == 1min);
  CHECK(connector.retry->factor == 3);
  CHECK_FALSE(connector.retry->jitter);
  CHECK(connector.retry->on_network);
  CHECK_FALSE(connector.retry->on_timeout);
  CHECK(connector.retry->on_statuses == std::vector<int>{429, 5});
  CHECK(parameter(connector.endpoints[0], "id")->default_value->as_integer() == 7);
  CHECK(parameter(connector.endpoints[0], "tags")->description == "words");
}

TEST_CASE("connector reader: an imported file may be larger than one that is written by hand") {
  std::string text = "connector: a\nbase_url: https://a.example\nendpoints:\n";
  for (int i = 0; text.size() < (std::size_t{2} << 20); ++i)
    text += "  e" + std::to_string(i) +
            ": { method: GET, path: /, title: " + std::string(900, 'x') + " }\n";
  CHECK(read(text).endpoints.size() > 1000);
  Diagnostics diagnostics;
  text.resize((std::size_t{8} << 20) + 1, '#');
  CHECK_FALSE(tba::read_connector("a.yaml", text, diagnostics));
  CHECK_THAT(diagnostics.render(), Catch::Contains("the file is larger than 8MiB"));
}

TEST_CASE("connector: answers of GETs are used again for as long as it, or they, say") {
  const auto connector = read(
      "connector: a\nbase_url: https://a.example\nfresh_for: 10m\nendpoints:\n"
      "  one: { method: GET, path: / }\n"
      "  two: { method: GET, path: /, fresh_for: 30s }\n"
      "  three: { method: GET, path: /, fresh_for: 0s }\n"
      "  four: { method: POST, path: / }\n");
  CHECK(connector.endpoint("one")->fresh_for == 10min);
  CHECK(connector.endpoint("two")->fresh_for == 30s);
  CHECK(connector.endpoint("three")->fresh_for == 0s);
  CHECK(connector.endpoint("four")->fresh_for == 0s);

  tba::Diagnostics diagnostics;
  CHECK_FALSE(tba::read_connector("a.yaml",
                                  "connector: a\nbase_url: https://a.example\nendpoints:\n"
                                  "  one: { method: PUT, path: /, fresh_for: 10m }\n",
                                  diagnostics));
  CHECK_THAT(diagnostics.render(),
             Catch::Contains("a.yaml:4:32: error: only the answer of a GET can be used again"));
}

TEST_CASE("connector: GETs are asked about where it, or they, say so") {
  const auto connector = read(
      "connector: a\nbase_url: https://a.example\nrevalidate: true\nendpoints:\n"
      "  one: { method: GET, path: / }\n"
      "  two: { method: GET, path: /, revalidate: false }\n"
      "  three: { method: POST, path: / }\n");
  CHECK(connector.endpoint("one")->revalidate);
  CHECK_FALSE(connector.endpoint("two")->revalidate);
  CHECK_FALSE(connector.endpoint("three")->revalidate);
  const auto other = read(
      "connector: a\nbase_url: https://a.example\nendpoints:\n"
      "  one: { method: GET, path: / }\n"
      "  two: { method: GET, path: /, revalidate: true }\n");
  CHECK_FALSE(other.endpoint("one")->revalidate);
  CHECK(other.endpoint("two")->revalidate);

  tba::Diagnostics diagnostics;
  CHECK_FALSE(tba::read_connector("a.yaml",
                                  "connector: a\nbase_url: https://a.example\nendpoints:\n"
                                  "  one: { method: PUT, path: /, revalidate: true }\n",
                                  diagnostics));
  CHECK_THAT(diagnostics.render(),
             Catch::Contains("a.yaml:4:32: error: only a GET can be asked whether its answer has "
                             "changed"));
}

namespace {

tba::WebhookScheme webhook_of(const std::string& text) {
  return *read(
              "connector: a\nbase_url: https://a.example\nendpoints: {}\n"
              "auth: { one: { type: webhook_secret }, two: { type: webhook_secret } }\n"
              "webhook:\n" +
              text)
              .webhook;
}

}  // namespace

TEST_CASE("webhook scheme: what is not said has its default") {
  const auto webhook = webhook_of("  verify: { scheme: hmac_sha256, header: X-Sig }\n");
  REQUIRE(webhook.verifications.size() == 1);
  const auto& verification = webhook.verifications.front();
  using Verification = tba::WebhookVerification;
  CHECK(verification.encoding == Verification::Encoding::hex);
  CHECK(verification.secret.encoding == Verification::Encoding::text);
  REQUIRE(verification.is_signed.size() == 1);
  CHECK(verification.is_signed.front().placeholder == Verification::Placeholder::body);
  CHECK(verification.timestamp.header.empty());
  CHECK(webhook.verification_by("one") == &verification);
  CHECK(webhook.accepted_status == 202);
  CHECK_FALSE(webhook.event.is_known());
  CHECK_FALSE(webhook.delivery_id.is_known());
  CHECK(webhook.handshakes.empty());
}

TEST_CASE("webhook scheme: the credential's auth scheme picks the verification") {
  const auto webhook = webhook_of(
      "  verify:\n"
      "    - { auth: one, scheme: token, header: X-Token }\n"
      "    - auth: two\n"
      "      scheme: ed25519\n"
      "      header: X-Sig\n"
      "      signed: 'v0:{timestamp}.{id}.{body}'\n"
      "      id: X-Id\n"
      "      timestamp: { header: X-Time }\n");
  CHECK(webhook.verification_by("one")->header == "X-Token");
  const auto* second = webhook.verification_by("two");
  REQUIRE(second);
  CHECK(second->is_signed.size() == 6);
  CHECK(second->is_signed.front().text == "v0:");
  CHECK(second->timestamp.tolerance == 5min);
  CHECK(second->secret.encoding == tba::WebhookVerification::Encoding::hex);
  CHECK(webhook.verification_by("three") == nullptr);
}

TEST_CASE("connector: what credentials consist of follows from their scheme") {
  tba::Diagnostics diagnostics;
  const auto connector = tba::read_connector("a.yaml", R"(connector: a
base_url: https://a.example
auth:
  open: { type: none }
  login: { type: basic }
  key: { type: api_key, parameter: X-Key, headers: { X-Account: "{account_id}", X-Key2: "{key}" } }
  one: { type: oauth1 }
  aws: { type: aws_sigv4, service: s3 }
  aws-eu: { type: aws_sigv4, service: s3, region: eu-central-1 }
  tls: { type: mutual_tls }
  signed: { type: hmac, header: X-Signature, signed: "{body}" }
  keyed: { type: hmac, header: X-Signature, signed: "{key}{body}", key_header: X-Key }
  web: { type: oauth2, grants: [authorization_code], authorize_url: "{origin}/a", token_url: "{origin}/{tenant}/t" }
  app: { type: oauth2, grants: [client_credentials], token_url: https://a.example/t }
  robot: { type: oauth2, grants: [jwt_bearer], token_url: https://a.example/t, jwt: { issuer: "{client_email}" } }
  hook: { type: webhook_secret }
endpoints: {}
)",
                                             diagnostics);
  REQUIRE(connector);
  const auto fields = [&](const char* name) {
    std::string all;
    for (const auto& field : fields_of(*connector->scheme(name)))
      all += (all.empty() ? "" : " ") + field.name + (field.is_required ? "" : "?");
    return all;
  };
  const std::string tokens = " scopes? grant? access_token? refresh_token? expires_at?";
  CHECK(fields("open").empty());
  CHECK(fields("login") == "username password");
  CHECK(fields("key") == "key account_id");
  CHECK(fields("one") == "consumer_key consumer_secret token? token_secret?");
  CHECK(fields("aws") == "access_key_id secret_access_key region session_token?");
  CHECK(fields("aws-eu") == "access_key_id secret_access_key session_token?");
  CHECK(fields("tls") == "certificate private_key");
  CHECK(fields("signed") == "secret");
  CHECK(fields("keyed") == "secret key");
  CHECK(fields("web") == "client_id client_secret? tenant" + tokens);
  CHECK(fields("app") == "client_id client_secret" + tokens);
  CHECK(fields("robot") == "client_email private_key" + tokens);
  CHECK(fields("hook") == "secret");
  CHECK(connector->scheme("web")->prefix == "Bearer ");
  CHECK(connector->scheme("web")->oauth2->pkce);
}
