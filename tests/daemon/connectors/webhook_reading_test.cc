#include "daemon/connectors/webhook_reading.h"

#include <catch2/catch.hpp>

#include "shared/connector_catalog.h"
#include "shared/connector_reader.h"
#include "shared/value/json.h"
#include "tests/daemon/connectors/webhook_support.h"
#include "tests/support/result.h"

using tba::built_in_connectors;
using tba::ErrorCode;
using tba::Result;
using tba::Value;
using tba::WebhookScheme;
using tba::connectors::Inbound;
using tba::tests::HeaderList;

namespace {

WebhookScheme scheme_of(const std::string& connector) {
  return *built_in_connectors().find(connector)->webhook;
}

Result<std::string> event_of(const WebhookScheme& scheme, const HeaderList& headers,
                             std::string_view json) {
  const auto body = tba::parse_json(json).value();
  return tba::connectors::webhook_event(scheme, {"POST", Value(), headers, body});
}

std::string id_of(const WebhookScheme& scheme, const HeaderList& headers, std::string_view json) {
  const auto body = tba::parse_json(json).value();
  return tba::connectors::delivery_id(scheme, {"POST", Value(), headers, body});
}

/// A scheme whose event is what that expression gives.
WebhookScheme event_by(const std::string& expression) {
  tba::Diagnostics diagnostics;
  const auto connector =
      tba::read_connector("a.yaml",
                          "connector: a\nbase_url: https://a.example\nendpoints: {}\nwebhook:\n"
                          "  verify: { scheme: token, header: X-Token }\n  event: { body: '${{ " +
                              expression + " }}' }\n",
                          diagnostics);
  INFO(diagnostics.render());
  REQUIRE(connector);
  return *connector->webhook;
}

}  // namespace

TEST_CASE("webhook: the event is the header and, behind a dot, the action") {
  const auto event = [](const std::string& header, std::string_view body) {
    return event_of(scheme_of("github"), {{"x-github-event", header}}, body).value();
  };
  CHECK(event("issues", R"({"action":"opened"})") == "issues.opened");
  CHECK(event("push", R"({"ref":"main"})") == "push");
  CHECK(event("push", R"({"action":""})") == "push");
  CHECK(event("push", R"({"action":7})") == "push");
  CHECK(event("push", R"([1])") == "push");
}

TEST_CASE("webhook: the event's header must be there where the scheme names one") {
  for (const auto& headers : {HeaderList{}, HeaderList{{"X-GitHub-Event", ""}}}) {
    const auto event = event_of(scheme_of("github"), headers, "null");
    REQUIRE_FALSE(event);
    CHECK(event.error().code == ErrorCode::invalid);
    CHECK(event.error().message == "the header X-GitHub-Event is missing");
  }
  CHECK(event_of(WebhookScheme{}, {}, R"({"action":"opened"})").value() == "");
}

TEST_CASE("webhook: the event's name is bounded, its action included") {
  const auto event = [](std::size_t header, std::size_t action) {
    return event_of(scheme_of("github"), {{"X-GitHub-Event", std::string(header, 'e')}},
                    R"({"action":")" + std::string(action, 'a') + R"("})");
  };
  CHECK(event(200, 0));
  CHECK(event(100, 99));
  for (const auto& [header, action] : {std::pair(201, 0), std::pair(100, 100)}) {
    const auto refused = event(header, action);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message == "the event's name is longer than 200 bytes");
  }
}

TEST_CASE("webhook: built-in connectors know what happened") {
  struct Sample {
    std::string connector;
    HeaderList headers;
    std::string body;
    std::string event;
  };
  const std::vector<Sample> samples = {
      {"gitlab", {}, R"({"object_kind":"merge_request"})", "merge_request"},
      {"slack", {}, R"({"type":"event_callback","event":{"type":"app_mention"}})", "app_mention"},
      {"slack", {}, R"({"type":"app_rate_limited"})", "app_rate_limited"},
      {"slack", {}, R"({"command":"/deploy","text":"now"})", "command"},
      {"slack",
       {{"Content-Type", "application/x-www-form-urlencoded"}},
       R"({"type":"view_submission","view":{}})",
       "interaction.view_submission"},
      {"slack", {}, R"({"other":1})", ""},
      {"stripe", {}, R"({"id":"evt_1","type":"invoice.paid"})", "invoice.paid"},
      {"telegram", {}, R"({"update_id":7,"edited_message":{"text":"a"}})", "edited_message"},
      {"twitch",
       {{"Twitch-Eventsub-Message-Type", "notification"},
        {"Twitch-Eventsub-Subscription-Type", "stream.online"}},
       "{}",
       "stream.online"},
      {"twitch",
       {{"Twitch-Eventsub-Message-Type", "revocation"},
        {"Twitch-Eventsub-Subscription-Type", "stream.online"}},
       "{}",
       "revocation"},
      {"x", {}, R"({"for_user_id":"1","favorite_events":[]})", "favorite_events"},
      {"x", {}, R"({"data":{"event_type":"profile.update.bio"}})", "profile.update.bio"},
      {"mastodon", {}, R"({"event":"account.created","object":{}})", "account.created"},
      {"notion", {}, R"({"id":"a","type":"page.created"})", "page.created"},
      {"openai", {}, R"({"type":"response.completed"})", "response.completed"},
      {"standard-webhooks", {}, R"({"type":"user.created"})", "user.created"},
      {"google-drive", {{"X-Goog-Resource-State", "update"}}, "null", "update"},
      {"google-calendar", {{"X-Goog-Resource-State", "sync"}}, "null", "sync"},
      {"discord", {}, R"({"type":2,"id":"9"})", "command"},
      {"discord", {}, R"({"type":1,"event":{"type":"ENTITLEMENT_CREATE"}})", "ENTITLEMENT_CREATE"},
      {"discord", {}, R"({"type":99})", ""},
  };
  for (const auto& [connector, headers, body, event] : samples) {
    CAPTURE(connector, body);
    const auto read = event_of(scheme_of(connector), headers, body);
    REQUIRE(read);
    CHECK(*read == event);
  }
}

TEST_CASE("webhook: an event that is no text is none") {
  CHECK(event_of(event_by(".body.a"), {}, R"({"a":null})").value() == "");
  CHECK(event_of(event_by(".method + .query.q"), {}, "null").value() == "POST");
  const auto number = event_of(event_by(".body.a"), {}, R"({"a":1})");
  REQUIRE_FALSE(number);
  CHECK(number.error().message == "the event's name is no text");
  const auto failed = event_of(event_by(".body.a"), {}, "[1]");
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ErrorCode::invalid);
  CHECK_THAT(failed.error().message,
             Catch::Matchers::StartsWith("the event's name cannot be evaluated: "));
}

TEST_CASE("webhook: a body that wraps another stands for that, any other for itself") {
  const auto unwrapped = [](const WebhookScheme& scheme, std::string_view json) {
    const auto body = tba::parse_json(json).value();
    const auto read =
        tba::connectors::unwrapped_body(scheme, Inbound{"POST", Value(), HeaderList{}, body});
    if (!read) return read.error().message.substr(0, 9);
    return *read ? tba::to_json(**read) : std::string("itself");
  };
  const auto github = scheme_of("github");
  CHECK(unwrapped(github, R"({"payload":"{\"action\":\"opened\"}"})") == R"({"action":"opened"})");
  CHECK(unwrapped(github, R"({"action":"opened"})") == "itself");
  CHECK(unwrapped(github, R"({"payload":["{}","{}"]})") == "itself");
  CHECK(unwrapped(github, R"("text")") == "itself");
  CHECK(unwrapped(github, R"({"payload":"{"})") == "what the ");
  CHECK(unwrapped(WebhookScheme{}, R"({"payload":"{}"})") == "itself");
}

TEST_CASE("webhook: what is answered is a status, or what an expression makes of the delivery") {
  const auto status = [](const std::string& value, std::string_view json) {
    tba::Diagnostics diagnostics;
    const auto connector =
        tba::read_connector("a.yaml",
                            "connector: a\nbase_url: https://a.example\nendpoints: {}\nwebhook:\n"
                            "  verify: { scheme: token, header: X-Token }\n  accepted_status: " +
                                value + "\n",
                            diagnostics);
    INFO(diagnostics.render());
    REQUIRE(connector);
    const auto body = tba::parse_json(json).value();
    return tba::connectors::bare_status(*connector->webhook,
                                        Inbound{"POST", Value(), HeaderList{}, body})
        .value_or(0);
  };
  CHECK(status("200", "null") == 200);
  CHECK(status("299", "null") == 299);
  CHECK(status("202", "null") == 0);
  CHECK(status("${{ .body.status }}", R"({"status":204})") == 204);
  CHECK(status("${{ .body.status }}", R"({"status":202})") == 202);
  for (const auto* wrong : {"199", "300", "\"204\"", "204.5", "null"})
    CHECK(status("${{ .body.status }}", std::string("{\"status\":") + wrong + "}") == 202);
  CHECK(status("${{ .body.status }}", "[]") == 202);
}

TEST_CASE("webhook: the delivery id is the sender's, or empty") {
  CHECK(id_of(scheme_of("github"), {{"x-github-delivery", "72d3162e"}}, "null") == "72d3162e");
  CHECK(id_of(scheme_of("github"), {}, "null") == "");
  CHECK(id_of(WebhookScheme{}, {{"", "x"}}, "null") == "");
  CHECK(id_of(scheme_of("stripe"), {}, R"({"id":"evt_1"})") == "evt_1");
  CHECK(id_of(scheme_of("telegram"), {}, R"({"update_id":12345678901})") == "12345678901");
  CHECK(id_of(scheme_of("slack"), {}, R"({"event_id":null})") == "");
  CHECK(id_of(scheme_of("slack"), {}, R"("text")") == "");
  for (const auto* google : {"google-calendar", "google-drive"}) {
    const auto scheme = scheme_of(google);
    CHECK(id_of(scheme, {{"X-Goog-Channel-ID", "c"}, {"X-Goog-Message-Number", "7"}}, "null") ==
          "c:7");
    CHECK(id_of(scheme, {{"X-Goog-Channel-ID", "c"}}, "null") == "");
  }
  const auto gitlab = scheme_of("gitlab");
  CHECK(id_of(gitlab, {{"Idempotency-Key", "i"}, {"X-Gitlab-Event-UUID", "u"}}, "{}") == "i");
  CHECK(id_of(gitlab, {{"X-Gitlab-Event-UUID", "u"}}, "{}") == "u");
  CHECK(id_of(gitlab, {}, "{}") == "");
  CHECK(id_of(scheme_of("twitch"), {{"twitch-eventsub-message-id", "m"}}, "{}") == "m");
}

TEST_CASE("webhook: kept headers are lower case, joined, and prove nothing") {
  const HeaderList headers = {{"Host", "127.0.0.1"},
                              {"X-GitHub-Event", "issues"},
                              {"Authorization", "Basic YTpi"},
                              {"Proxy-Authorization", "Basic YTpi"},
                              {"Cookie", "session=1"},
                              {"X-Hub-Signature", "sha1=00"},
                              {"X-Hub-Signature-256", "sha256=00"},
                              {"X-Gitlab-Token", "t"},
                              {"X-Telegram-Bot-Api-Secret-Token", "t"},
                              {"X-Api-Key", "k"},
                              {"apikey", "k"},
                              {"Via", "1.1 a"},
                              {"via", "1.1 b"},
                              {"X-Text", "caf\xe9 \"q\""},
                              {"X-Proof", "p"}};
  const auto kept = [&](const WebhookScheme* scheme) {
    return tba::to_json(tba::connectors::kept_headers(scheme, headers));
  };
  CHECK(kept(nullptr) == R"({"host":"127.0.0.1","x-github-event":"issues","via":"1.1 a, 1.1 b",)"
                         "\"x-text\":\"caf\xef\xbf\xbd \\\"q\\\"\",\"x-proof\":\"p\"}");
  auto scheme = scheme_of("github");
  scheme.verifications.front().header = "X-Proof";
  CHECK(kept(&scheme).find("proof") == std::string::npos);
  CHECK(tba::to_json(tba::connectors::kept_headers(nullptr, {})) == "{}");
}
