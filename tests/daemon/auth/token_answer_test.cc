#include "daemon/auth/token_answer.h"

#include <chrono>
#include <string>
#include <utility>

#include "shared/connector_catalog.h"
#include "tests/daemon/auth/auth_world.h"

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using tba::Instant;
using tba::OAuth2Scheme;
using tba::auth::read_device_code;
using tba::auth::read_tokens;
using tba::auth::Refusal;
using tba::net::HttpFailure;
using tba::net::HttpResponse;
using tba::net::HttpResult;

namespace {

using Kind = Refusal::Kind;

constexpr Instant kNow{std::chrono::seconds(1'800'000'000)};

HttpResult answered(int status, std::string body) {
  return HttpResponse{status, {}, std::move(body)};
}

Refusal refused(int status, const std::string& body) {
  const auto tokens = read_tokens({}, answered(status, body), kNow);
  REQUIRE_FALSE(tokens.has_value());
  return tokens.error();
}

}  // namespace

TEST_CASE("token answer: what RFC 6749 names is read, times counted from now") {
  const auto tokens =
      read_tokens({},
                  answered(200, R"({"access_token":"a","token_type":"bearer","refresh_token":"r",)"
                                R"("expires_in":60,"refresh_token_expires_in":"120"})"),
                  kNow);
  REQUIRE(tokens.has_value());
  CHECK(tokens->access_token == "a");
  CHECK(tokens->refresh_token == "r");
  CHECK(tokens->expires_at == kNow + 60s);
  CHECK(tokens->refresh_expires_at == kNow + 120s);
}

TEST_CASE("token answer: times that are none count as not there, and none is without end") {
  for (const auto* life : {"-5", "\"soon\"", "null", "{}"}) {
    CAPTURE(life);
    const auto body = std::string(R"({"access_token":"a","expires_in":)") + life + "}";
    CHECK_FALSE(read_tokens({}, answered(200, body), kNow)->expires_at);
  }
  const auto long_lived =
      read_tokens({}, answered(200, R"({"access_token":"a","expires_in":1e300})"), kNow);
  CHECK(long_lived->expires_at < kNow + std::chrono::years(21));
}

TEST_CASE("token answer: a scheme says where a token is that is elsewhere") {
  const auto connector = tba::tests::notes();
  const auto& scheme = *connector->scheme("installation")->oauth2;
  const auto tokens =
      read_tokens(scheme, answered(201, R"({"token":"t","until":"2027-01-15T08:01:00Z"})"), kNow);
  REQUIRE(tokens.has_value());
  CHECK(tokens->access_token == "t");
  CHECK(tokens->expires_at == kNow + 1min);
  const auto without = read_tokens(scheme, answered(201, R"({"access_token":"t"})"), kNow);
  REQUIRE_FALSE(without.has_value());
  CHECK(without.error().kind == Kind::client);
}

TEST_CASE("token answer: each error of the standards has its meaning") {
  const std::pair<const char*, Kind> cases[] = {{"invalid_grant", Kind::grant},
                                                {"access_denied", Kind::grant},
                                                {"expired_token", Kind::grant},
                                                {"invalid_client", Kind::client},
                                                {"unauthorized_client", Kind::client},
                                                {"invalid_scope", Kind::client},
                                                {"authorization_pending", Kind::pending},
                                                {"slow_down", Kind::slow_down},
                                                {"temporarily_unavailable", Kind::temporary}};
  for (const auto& [error, kind] : cases) {
    CAPTURE(error);
    const auto body = std::string(R"({"error":")") + error + "\"}";
    CHECK(refused(400, body).kind == kind);
    CHECK(refused(200, body).kind == kind);  // as GitHub answers
    CHECK(refused(500, body).kind == Kind::temporary);
  }
}

TEST_CASE("token answer: a message that is the name of an error is one, as Twitch writes it") {
  const auto pending = refused(400, R"({"status":400,"message":"authorization_pending"})");
  CHECK(pending.kind == Kind::pending);
  CHECK(pending.message == "the token endpoint answered 400, authorization_pending");
  const auto other = refused(400, R"({"status":400,"message":"invalid device code"})");
  CHECK(other.kind == Kind::client);
  CHECK(other.message == "the token endpoint answered 400: invalid device code");
  CHECK(refused(400, R"({"error":"invalid_grant","message":"slow_down"})").kind == Kind::grant);
}

TEST_CASE("token answer: the built-in connectors know whose refresh tokens hold no longer") {
  struct Sample {
    std::string connector;
    int status;
    std::string body;
    Kind kind;
  };
  const Sample samples[] = {
      {"twitch", 400, R"({"error":"Bad Request","status":400,"message":"Invalid refresh token"})",
       Kind::grant},
      {"twitch", 400, R"({"status":400,"message":"invalid client"})", Kind::client},
      {"twitch", 503, R"({"status":503,"message":"Invalid refresh token"})", Kind::temporary},
      {"slack", 200, R"({"ok":false,"error":"invalid_refresh_token"})", Kind::grant},
      {"slack", 200, R"({"ok":false,"error":"token_revoked"})", Kind::grant},
      {"slack", 200, R"({"ok":false,"error":"bad_client_secret"})", Kind::client},
      {"jira", 403,
       R"({"error":"unauthorized_client","error_description":"refresh_token is invalid"})",
       Kind::grant},
      {"jira", 401, R"({"error":"unauthorized_client","error_description":"client is unknown"})",
       Kind::client},
      {"reddit", 400, R"({"message":"Bad Request","error":400})", Kind::grant},
      {"reddit", 401, R"({"message":"Unauthorized","error":401})", Kind::client},
  };
  for (const auto& [connector, status, body, kind] : samples) {
    CAPTURE(connector, status, body);
    const auto scheme = *tba::built_in_connectors().find(connector)->scheme("oauth")->oauth2;
    const auto tokens = read_tokens(scheme, answered(status, body), kNow);
    REQUIRE_FALSE(tokens.has_value());
    CHECK(tokens.error().kind == kind);
  }
}

TEST_CASE("token answer: what it says of a failure is short and of one line") {
  const auto told = refused(400, R"({"error":"invalid_grant","error_description":"It\nis gone."})");
  CHECK(told.message == "the token endpoint answered 400, invalid_grant: It is gone");
  const auto body =
      R"({"error":"invalid_grant","error_description":")" + std::string(10'000, 'x') + "\"}";
  CHECK(refused(400, body).message.size() <= 310);
  CHECK(refused(404, "<html>").message == "the token endpoint answered 404");
  CHECK(refused(302, "").kind == Kind::client);
  CHECK_THAT(refused(200, "[]").message, Contains("holds no access token"));
  CHECK_THAT(refused(200, "no JSON").message, Contains("holds no access token"));
}

TEST_CASE("token answer: no answer is told from one that may have come too late") {
  const auto failed = [](HttpFailure::Kind kind, bool sent) {
    const auto tokens = read_tokens({}, HttpFailure{kind, sent, "it did not work"}, kNow);
    return tokens.error();
  };
  const auto late = failed(HttpFailure::Kind::timeout, true);
  CHECK(late.kind == Kind::temporary);
  CHECK(late.is_unanswered);
  CHECK_FALSE(failed(HttpFailure::Kind::connect, false).is_unanswered);
  CHECK(failed(HttpFailure::Kind::invalid, false).kind == Kind::client);
}

TEST_CASE("token answer: a device code is read with its usual values, or not at all") {
  const auto code = read_device_code(
      {},
      answered(200, R"({"device_code":"d","user_code":"AB-CD","verification_uri":"https://x/d",)"
                    R"("verification_uri_complete":"https://x/d?c=AB-CD","interval":0})"),
      kNow);
  REQUIRE(code.has_value());
  CHECK(code->device_code == "d");
  CHECK(code->user_code == "AB-CD");
  CHECK(code->url == "https://x/d");
  CHECK(code->complete_url == "https://x/d?c=AB-CD");
  CHECK(code->interval == 1s);
  CHECK(code->expires_at == kNow + 15min);
  const auto google = read_device_code(
      {},
      answered(200, R"({"device_code":"d","user_code":"u","verification_url":"https://x/d",)"
                    R"("expires_in":60})"),
      kNow);
  CHECK(google->url == "https://x/d");
  CHECK(google->interval == 5s);
  CHECK(google->expires_at == kNow + 60s);
  const auto none = read_device_code({}, answered(200, R"({"device_code":"d"})"), kNow);
  REQUIRE_FALSE(none.has_value());
  CHECK_THAT(none.error().message, Contains("holds no code"));
}
