#include "shared/import/security.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "shared/header_name.h"
#include "shared/import/names.h"
#include "shared/import/prose.h"
#include "shared/uri.h"

namespace tba::importing {
namespace {

std::optional<AuthScheme> api_key(Description& description, const Value& written) {
  AuthScheme scheme;
  scheme.type = AuthScheme::Type::api_key;
  scheme.parameter = text_member(written, "name");
  const auto place = text_member(written, "in");
  using Place = AuthScheme::Place;
  const auto found = place == "header"   ? std::optional(Place::header)
                     : place == "query"  ? std::optional(Place::query)
                     : place == "cookie" ? std::optional(Place::cookie)
                                         : std::nullopt;
  const bool is_named =
      found == Place::query ? !scheme.parameter.empty() : is_header_name(scheme.parameter);
  if (!found || !is_named) {
    description.unsupported().add(fmt::format("API key in '{}'", one_line(place, 40)));
    return std::nullopt;
  }
  scheme.place = *found;
  return scheme;
}

std::optional<AuthScheme> http_scheme(Description& description, std::string_view name) {
  AuthScheme scheme;
  scheme.type = AuthScheme::Type::bearer;
  if (equal_ignoring_case(name, "bearer")) return scheme;
  for (const auto type : {AuthScheme::Type::basic, AuthScheme::Type::digest}) {
    if (!equal_ignoring_case(name, name_of(type))) continue;
    scheme.type = type;
    return scheme;
  }
  description.unsupported().add(
      fmt::format("authentication by HTTP scheme '{}'", one_line(name, 40)));
  return std::nullopt;
}

/// A URL of a description: whole, or a path where the API is. Empty where it is neither.
std::string login_url(std::string_view text) {
  const bool is_clean = text.find_first_of(" #@{}\r\n") == std::string_view::npos;
  if (!is_clean) return {};
  if (text.starts_with("https://") || text.starts_with("http://")) return std::string(text);
  return text.starts_with('/') ? fmt::format("{{origin}}{}", text) : std::string();
}

/// Takes over one of the flows by which tokens are given; those that need a password or leave the
/// token in the URL are no grants of ours.
void add_grant(OAuth2Scheme& oauth2, const Value& flow, OAuth2Scheme::Grant grant) {
  const auto token_url = login_url(text_member(flow, "tokenUrl"));
  const auto authorize_url = login_url(text_member(flow, "authorizationUrl"));
  const bool needs_authorize_url = grant == OAuth2Scheme::Grant::authorization_code;
  if (token_url.empty() || (needs_authorize_url && authorize_url.empty())) return;
  if (!oauth2.token_url.empty() && oauth2.token_url != token_url) return;
  oauth2.grants.push_back(grant);
  oauth2.token_url = token_url;
  if (needs_authorize_url) oauth2.authorize_url = authorize_url;
}

std::optional<AuthScheme> oauth2_scheme(Description& description, const Value& written) {
  using Grant = OAuth2Scheme::Grant;
  OAuth2Scheme oauth2;
  if (description.is_swagger()) {
    const auto flow = text_member(written, "flow");
    if (flow == "accessCode") add_grant(oauth2, written, Grant::authorization_code);
    if (flow == "application") add_grant(oauth2, written, Grant::client_credentials);
  } else {
    const auto& flows = member(written, "flows");
    add_grant(oauth2, member(flows, "authorizationCode"), Grant::authorization_code);
    add_grant(oauth2, member(flows, "clientCredentials"), Grant::client_credentials);
  }
  if (oauth2.grants.empty()) {
    description.unsupported().add(
        "login by oauth2 of another flow (bearer: a token from elsewhere)");
    return http_scheme(description, "bearer");
  }
  AuthScheme scheme;
  scheme.type = AuthScheme::Type::oauth2;
  scheme.oauth2 = std::move(oauth2);
  return scheme;
}

std::optional<AuthScheme> scheme_of(Description& description, const Value& written) {
  const auto type = text_member(written, "type");
  if (type == "apiKey") return api_key(description, written);
  if (type == "basic") return http_scheme(description, "basic");
  if (type == "http") return http_scheme(description, text_member(written, "scheme"));
  if (type == "oauth2") return oauth2_scheme(description, written);
  if (type == "openIdConnect") {
    description.unsupported().add("login by openIdConnect (bearer: a token from elsewhere)");
    return http_scheme(description, "bearer");
  }
  if (type == "mutualTLS") {
    AuthScheme scheme;
    scheme.type = AuthScheme::Type::mutual_tls;
    return scheme;
  }
  description.unsupported().add(fmt::format("authentication of type '{}'", one_line(type, 40)));
  return std::nullopt;
}

}  // namespace

std::vector<AuthScheme> auth_schemes_of(Description& description, const ScopeNeeds& needs) {
  const auto& root = description.root();
  const auto& written = description.is_swagger()
                            ? member(root, "securityDefinitions")
                            : member(member(root, "components"), "securitySchemes");
  std::vector<AuthScheme> schemes;
  UniqueNames names;
  for (const auto& [name, part] : written.members()) {
    auto scheme = scheme_of(description, description.resolve(part));
    if (!scheme) continue;
    if (scheme->oauth2) scheme->oauth2->scopes = needs.of(name);
    scheme->name = names.take(parameter_name(name, "key"), "_");
    schemes.push_back(std::move(*scheme));
  }
  return schemes;
}

}  // namespace tba::importing
