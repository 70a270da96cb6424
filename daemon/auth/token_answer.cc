#include "daemon/auth/token_answer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "daemon/auth/credential_state.h"
#include "daemon/connectors/answer_program.h"
#include "daemon/connectors/retry_after.h"
#include "shared/time_format.h"
#include "shared/value/json.h"
#include "shared/value/utf8.h"

namespace tba::auth {
namespace {

using Kind = Refusal::Kind;

constexpr std::size_t kLongestMessage = 300;
constexpr std::int64_t kLongestLife = std::int64_t{20} * 366 * 24 * 3600;  // seconds

// RFC 6749, section 5.2; RFC 8628, section 3.5. Any other means that the request, and so what the
// credential says, is wrong.
constexpr std::array<std::pair<std::string_view, Kind>, 9> kErrors{{
    {"invalid_grant", Kind::grant},
    {"access_denied", Kind::grant},
    {"expired_token", Kind::grant},
    {"bad_refresh_token", Kind::grant},  // GitHub's word
    {"authorization_pending", Kind::pending},
    {"slow_down", Kind::slow_down},
    {"temporarily_unavailable", Kind::temporary},
    {"server_error", Kind::temporary},
    {"rate_limit_exceeded", Kind::temporary},
}};

std::string text_member(const Value& object, std::string_view name) {
  const auto* member = object.find(name);
  return member && member->is_string() ? std::string(member->as_string()) : std::string();
}

/// A number of seconds, which some write as a text.
std::optional<std::chrono::seconds> seconds_member(const Value& object, std::string_view name) {
  const auto* member = object.find(name);
  if (!member) return std::nullopt;
  std::int64_t seconds = -1;
  if (member->is_number()) {
    const auto number = member->as_number();
    if (number >= 0) seconds = static_cast<std::int64_t>(std::min(number, double{kLongestLife}));
  } else if (member->is_string()) {
    const auto text = member->as_string();
    std::from_chars(text.data(), text.data() + text.size(), seconds);
  }
  if (seconds < 0) return std::nullopt;
  return std::chrono::seconds(std::min(seconds, kLongestLife));
}

std::optional<Instant> time_member(const Value& object, std::string_view name, Instant now) {
  const auto seconds = seconds_member(object, name);
  if (!seconds) return std::nullopt;
  return now + *seconds;
}

Refusal refusal(Kind kind, std::string message) {
  Refusal made;
  made.kind = kind;
  made.message = std::move(message);
  return made;
}

/// What that error means; nothing where it is none of those known.
std::optional<Kind> meaning_of(std::string_view error) {
  const auto* known = std::ranges::find(kErrors, error, &decltype(kErrors)::value_type::first);
  return known != kErrors.end() ? std::optional(known->second) : std::nullopt;
}

/// Whether the scheme knows the answer for one that asks for a login.
bool needs_login(const OAuth2Scheme& scheme, const Value& body, int status) {
  return connectors::holds(scheme.needs_login,
                           Value::object({{"status", Value::integer(status)}, {"body", body}}));
}

/// What the answer itself says of a failure: its error's code and description.
Refusal told(const OAuth2Scheme& scheme, const Value& body, const net::HttpResponse& response,
             Instant now) {
  auto code = text_member(body, "error");
  auto description = text_member(body, "error_description");
  if (description.empty()) description = text_member(body, "message");
  if (!meaning_of(code) && meaning_of(description))
    code = std::exchange(description, {});  // Twitch
  auto kind = meaning_of(code).value_or(Kind::client);
  if (response.status == 429 || response.status >= 500) kind = Kind::temporary;
  if (kind == Kind::client && needs_login(scheme, body, response.status)) kind = Kind::grant;
  auto message = fmt::format("the token endpoint answered {}", response.status);
  if (!code.empty()) message += fmt::format(", {}", code);
  if (!description.empty()) message += fmt::format(": {}", description);
  while (message.ends_with('.')) message.pop_back();
  message.resize(std::min(message.size(), kLongestMessage));
  std::ranges::replace_if(
      message, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  auto told = refusal(kind, repair_utf8(message));
  told.retry_after = connectors::retry_after(response, now);
  return told;
}

/// The object that an answer holds; a refusal where it tells of a failure, or there is none.
boost::system::result<Value, Refusal> object_of(const OAuth2Scheme& scheme,
                                                const net::HttpResult& result, Instant now) {
  if (!result) {
    using Failure = net::HttpFailure::Kind;
    const auto kind = result.error().kind == Failure::invalid ? Kind::client : Kind::temporary;
    auto silence = refusal(kind, result.error().message);
    silence.is_unanswered = result.error().sent;
    return silence;
  }
  auto parsed = parse_json(result->body);
  auto body = parsed && parsed->is_object() ? *std::move(parsed) : Value::object({});
  // GitHub says 200 to what it refuses.
  if (result->status >= 400 || body.find("error")) return told(scheme, body, *result, now);
  if (result->status >= 300) {
    return refusal(Kind::client, fmt::format("the token endpoint answered {}, which is no token",
                                             result->status));
  }
  return body;
}

}  // namespace

TokenResult read_tokens(const OAuth2Scheme& scheme, const net::HttpResult& result, Instant now) {
  const auto body = object_of(scheme, result, now);
  if (!body) return body.error();
  Tokens tokens;
  if (scheme.token) {
    const auto token = connectors::value_or_null(scheme.token, *body);
    if (token.is_string()) tokens.access_token = token.as_string();
  } else {
    tokens.access_token = text_member(*body, "access_token");
  }
  if (tokens.access_token.empty())
    return refusal(Kind::client, "the token endpoint's answer holds no access token");
  tokens.refresh_token = text_member(*body, "refresh_token");
  tokens.expires_at = time_member(*body, "expires_in", now);
  if (scheme.expires_at) {
    const auto told = time_of(connectors::value_or_null(scheme.expires_at, *body));
    if (told) tokens.expires_at = *told;
  }
  tokens.refresh_expires_at = time_member(*body, "refresh_token_expires_in", now);
  if (!tokens.refresh_expires_at)
    tokens.refresh_expires_at = time_member(*body, "refresh_expires_in", now);
  return tokens;
}

boost::system::result<DeviceCode, Refusal> read_device_code(const OAuth2Scheme& scheme,
                                                            const net::HttpResult& result,
                                                            Instant now) {
  constexpr std::chrono::minutes kUsualLife{15};
  constexpr std::chrono::seconds kLongestInterval{60};
  const auto body = object_of(scheme, result, now);
  if (!body) return body.error();
  DeviceCode code;
  code.device_code = text_member(*body, "device_code");
  code.user_code = text_member(*body, "user_code");
  code.url = text_member(*body, "verification_uri");
  if (code.url.empty()) code.url = text_member(*body, "verification_url");  // Google's word
  code.complete_url = text_member(*body, "verification_uri_complete");
  const auto interval = seconds_member(*body, "interval").value_or(code.interval);
  code.interval = std::clamp(interval, std::chrono::seconds(1), kLongestInterval);
  code.expires_at = time_member(*body, "expires_in", now).value_or(now + kUsualLife);
  if (code.device_code.empty() || code.user_code.empty() || code.url.empty())
    return refusal(Kind::client, "the device endpoint's answer holds no code");
  return code;
}

vault::FieldChanges changes_by(const Tokens& tokens, const OAuth2Scheme& scheme, Instant now) {
  vault::FieldChanges changes;
  const auto set_time = [&](std::string_view field, std::optional<Instant> when) {
    auto& change = changes[std::string(field)];
    if (when) change = vault::Secret(format_time(*when));
  };
  changes["access_token"] = vault::Secret(tokens.access_token);
  set_time("expires_at", tokens.expires_at);
  if (!tokens.refresh_token.empty()) changes["refresh_token"] = vault::Secret(tokens.refresh_token);
  auto refresh_expires_at = tokens.refresh_expires_at;
  if (!refresh_expires_at && scheme.refresh_lifetime)
    refresh_expires_at = now + *scheme.refresh_lifetime;
  set_time(kObtainedAt, now);
  set_time(kRefreshExpiresAt, refresh_expires_at);
  set_time(kRefreshingSince, std::nullopt);
  changes[std::string(vault::kLoginProblem)];
  return changes;
}

}  // namespace tba::auth
