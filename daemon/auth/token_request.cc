#include "daemon/auth/token_request.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "daemon/auth/jwt.h"
#include "daemon/connectors/authentication.h"
#include "daemon/vault/base64.h"
#include "shared/placeholders.h"
#include "shared/uri.h"
#include "shared/value/json.h"

namespace tba::auth {
namespace {

using Grant = OAuth2Scheme::Grant;
using Jwt = OAuth2Scheme::Jwt;

constexpr std::chrono::seconds kTimeout{30};
constexpr std::size_t kLongestAnswer = 1 << 20;
constexpr std::chrono::seconds kClockSkew{30};  // by which a JWT is dated back

/// Scheme, host and port of the API.
std::string_view origin_of(const Client& client) {
  const std::string_view url =
      client.credential.base_url.empty() ? client.connector.base_url : client.credential.base_url;
  const auto host = url.find("://") + 3;
  return url.substr(0, url.find('/', host));
}

net::HttpRequest posted(const Client& client, std::string url, const Parameters& parameters) {
  net::HttpRequest request;
  request.method = "POST";
  request.url = std::move(url);
  request.timeout = kTimeout;
  request.max_response_bytes = kLongestAnswer;
  request.may_resend = false;
  request.headers = {{"Accept", "application/json"}};
  if (client.scheme.token_body == OAuth2Scheme::TokenBody::form) {
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.body = form_encode(parameters);
  } else {
    request.headers.emplace_back("Content-Type", "application/json");
    ObjectBuilder body;
    for (const auto& [name, value] : parameters) body.put(name, Value::string(value));
    request.body = to_json(std::move(body).build());
  }
  for (const auto& [name, value] : client.scheme.token_headers)
    connectors::set_header(request, name, value);
  return request;
}

/// Adds what is not there yet.
void add(Parameters& parameters, std::string_view name, std::string_view value) {
  const bool is_there =
      std::ranges::any_of(parameters, [&](const auto& pair) { return pair.first == name; });
  if (!is_there && !value.empty()) parameters.emplace_back(name, value);
}

/// RFC 6749, section 2.3.1: both are form-encoded before they are put together.
std::string basic_proof(std::string_view id, std::string_view secret) {
  auto pair = fmt::format("{}:{}", percent_encode(id), percent_encode(secret));
  auto proof = "Basic " + vault::base64(pair);
  vault::wipe(pair);
  return proof;
}

std::string filled_text(std::string_view text, const Client& client) {
  return fill_placeholders(
      text, [&](std::string_view name) { return std::string(client.credential.field(name)); });
}

std::int64_t seconds_of(Instant instant) {
  return std::chrono::floor<std::chrono::seconds>(instant).time_since_epoch().count();
}

std::string unique_id(Random& random) {
  return fmt::format("{:016x}{:016x}", random.next(), random.next());
}

Value claims_of(const Client& client, const Jwt& jwt, Instant now, Random& random) {
  const auto issued_at = now - kClockSkew;
  ObjectBuilder claims;
  const auto put = [&](std::string_view name, std::string text) {
    if (!text.empty()) claims.put(name, Value::string(std::move(text)));
  };
  put("iss", filled_text(jwt.issuer, client));
  put("sub", filled_text(jwt.subject, client));
  put("aud", filled_text(jwt.audience, client));
  claims.put("iat", Value::integer(seconds_of(issued_at)));
  claims.put("exp", Value::integer(seconds_of(issued_at + jwt.lifetime)));
  put("jti", unique_id(random));
  // Google wants it here, RFC 7523 among the parameters.
  if (jwt.place == Jwt::Place::assertion) put("scope", scopes_of(client));
  return std::move(claims).build();
}

Result<net::HttpRequest> jwt_request(const Client& client, Instant now, Random& random) {
  const auto& jwt = *client.scheme.jwt;
  auto token =
      signed_jwt(jwt.algorithm, filled_text(jwt.key_id, client),
                 claims_of(client, jwt, now, random), client.credential.field("private_key"));
  if (!token) return token.error();
  if (jwt.place == Jwt::Place::bearer) {
    auto request =
        posted(client, filled_url(client.scheme.token_url, client), client.scheme.token_parameters);
    connectors::set_header(request, "Authorization", "Bearer " + *token);
    return request;
  }
  return token_request(client, {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                                {"assertion", *token},
                                {"scope", scopes_of(client)}});
}

}  // namespace

std::string filled_url(std::string_view url, const Client& client) {
  if (const auto field = field_that_is(url); !field.empty())
    return std::string(client.credential.field(field));
  return fill_placeholders(url, [&](std::string_view name) {
    return name == kOriginPlaceholder ? std::string(origin_of(client))
                                      : percent_encode(client.credential.field(name));
  });
}

std::string scopes_of(const Client& client) {
  const auto own = client.credential.field("scopes");
  if (!own.empty()) return std::string(own);
  return fmt::format("{}", fmt::join(client.scheme.scopes, client.scheme.scope_separator));
}

OAuth2Scheme::Grant grant_of(const Client& client) {
  return grant_named(client.credential.field("grant")).value_or(client.scheme.grants.front());
}

net::HttpRequest token_request(const Client& client, Parameters parameters) {
  using ClientProof = OAuth2Scheme::ClientProof;
  std::erase_if(parameters, [](const auto& pair) { return pair.second.empty(); });
  for (const auto& [name, value] : client.scheme.token_parameters) add(parameters, name, value);
  const auto id = client.credential.field("client_id");
  const auto secret = client.credential.field("client_secret");
  const bool by_header = client.scheme.client_proof == ClientProof::basic && !secret.empty();
  if (!by_header) add(parameters, "client_id", id);
  if (client.scheme.client_proof == ClientProof::body) add(parameters, "client_secret", secret);
  auto request = posted(client, filled_url(client.scheme.token_url, client), parameters);
  for (auto& [name, value] : parameters) vault::wipe(value);
  if (by_header) connectors::set_header(request, "Authorization", basic_proof(id, secret));
  return request;
}

net::HttpRequest device_request(const Client& client) {
  Parameters parameters;
  add(parameters, "client_id", client.credential.field("client_id"));
  const std::string_view own_name = client.scheme.device_scope_parameter;
  add(parameters, own_name.empty() ? std::string_view("scope") : own_name, scopes_of(client));
  auto request = posted(client, filled_url(client.scheme.device_url, client), parameters);
  const auto secret = client.credential.field("client_secret");
  if (client.scheme.client_proof == OAuth2Scheme::ClientProof::basic && !secret.empty()) {
    connectors::set_header(request, "Authorization",
                           basic_proof(client.credential.field("client_id"), secret));
  }
  return request;
}

net::HttpRequest device_token_request(const Client& client, std::string device_code) {
  Parameters parameters{{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"},
                        {"device_code", std::move(device_code)}};
  const auto& own_name = client.scheme.device_scope_parameter;
  if (!own_name.empty()) parameters.emplace_back(own_name, scopes_of(client));
  return token_request(client, std::move(parameters));
}

net::HttpRequest refresh_request(const Client& client) {
  return token_request(client,
                       {{"grant_type", "refresh_token"},
                        {"refresh_token", std::string(client.credential.field("refresh_token"))}});
}

Result<net::HttpRequest> unattended_request(const Client& client, Grant grant, Instant now,
                                            Random& random) {
  if (grant == Grant::jwt_bearer) return jwt_request(client, now, random);
  return token_request(client,
                       {{"grant_type", "client_credentials"}, {"scope", scopes_of(client)}});
}

}  // namespace tba::auth
