#include "daemon/auth/credential_check.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "daemon/auth/credential_state.h"
#include "daemon/auth/token_request.h"
#include "daemon/connectors/webhook_verifier.h"
#include "shared/header_name.h"
#include "shared/placeholders.h"
#include "shared/time_format.h"

namespace tba::auth {
namespace {

using Grant = OAuth2Scheme::Grant;
using Place = AuthScheme::Place;
using Type = AuthScheme::Type;

Error invalid(std::string message, std::string hint = {}) {
  return {ErrorCode::invalid, std::move(message), std::move(hint)};
}

/// The credential as it would be used.
vault::Credential rehearsed(const vault::NewCredential& credential, const AuthScheme& scheme) {
  vault::Credential made;
  made.name = credential.name;
  made.connector = credential.connector->name;
  made.scheme = scheme.name;
  made.type = scheme.type;
  made.base_url = credential.base_url;
  for (const auto& [name, value] : credential.fields) made.fields.emplace(name, value.clone());
  return made;
}

/// The name by which a key goes may be the credential's own.
Result<> check_name_of_key(const AuthScheme& scheme, const vault::Credential& credential) {
  if (scheme.type != Type::api_key ||
      (scheme.place != Place::header && scheme.place != Place::cookie))
    return {};
  const auto name = fill_placeholders(scheme.parameter, [&](std::string_view field) {
    return std::string(credential.field(field));
  });
  if (is_header_name(name)) return {};
  return invalid(fmt::format("'{}' is not the name of a {}", name, name_of(scheme.place)));
}

Result<> check_url(std::string_view text, const vault::Credential& credential) {
  const auto field = field_that_is(text);
  if (field.empty()) return {};
  const auto url = credential.field(field);
  const auto scheme = url.substr(0, url.find("://"));
  const bool is_absolute =
      (scheme == "https" || scheme == "http") && url.size() > scheme.size() + 3;
  if (is_absolute && url.find_first_of(" #") == std::string_view::npos) return {};
  return invalid(fmt::format("the field '{}' is not an absolute http or https URL", field),
                 "it looks like https://login.example.com/token");
}

Result<> check_tokens(const Client& client, const connectors::Moment& moment) {
  const auto& [connector, scheme, credential] = client;
  for (const auto* url : {&scheme.authorize_url, &scheme.token_url, &scheme.device_url}) {
    if (auto fits = check_url(*url, credential); !fits) return fits;
  }
  if (!credential.field(kExpiresAt).empty() && !time_field(credential, kExpiresAt)) {
    return invalid(fmt::format("the field '{}' is not a time", kExpiresAt),
                   "it looks like 2026-01-31T09:00:00Z");
  }
  if (!scheme.has(Grant::jwt_bearer)) return {};
  const auto request = unattended_request(client, Grant::jwt_bearer, moment.now, moment.random);
  return request ? Result<>() : Result<>(request.error());
}

}  // namespace

Result<> check_usable(const vault::NewCredential& credential, const connectors::Moment& moment) {
  const auto& connector = *credential.connector;
  const auto* scheme = connector.scheme(credential.scheme);
  if (!scheme) return {};
  const bool is_whole = std::ranges::all_of(fields_of(*scheme), [&](const CredentialField& field) {
    return !field.is_required || credential.fields.contains(field.name);
  });
  if (!is_whole) return {};
  const auto tried = rehearsed(credential, *scheme);
  if (scheme->type == Type::webhook_secret)
    return connector.webhook ? connectors::check_for_webhooks(tried, connector) : Result<>();
  if (auto fits = check_name_of_key(*scheme, tried); !fits) return fits;
  if (scheme->oauth2) return check_tokens({connector, *scheme->oauth2, tried}, moment);
  net::HttpRequest sample{.url = "https://api.example.com/"};
  return connectors::authenticate(sample, connector, tried, moment);
}

}  // namespace tba::auth
