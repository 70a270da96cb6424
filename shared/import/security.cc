#include "shared/import/security.h"

#include <optional>
#include <string>
#include <string_view>

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
  if (equal_ignoring_case(name, "basic")) {
    scheme.type = AuthScheme::Type::basic;
    return scheme;
  }
  description.unsupported().add(
      fmt::format("authentication by HTTP scheme '{}'", one_line(name, 40)));
  return std::nullopt;
}

std::optional<AuthScheme> scheme_of(Description& description, const Value& written) {
  const auto type = text_member(written, "type");
  if (type == "apiKey") return api_key(description, written);
  if (type == "basic") return http_scheme(description, "basic");
  if (type == "http") return http_scheme(description, text_member(written, "scheme"));
  if (type == "oauth2" || type == "openIdConnect") {
    description.unsupported().add(
        fmt::format("login by {} (bearer: a token from elsewhere)", type));
    return http_scheme(description, "bearer");
  }
  description.unsupported().add(fmt::format("authentication of type '{}'", one_line(type, 40)));
  return std::nullopt;
}

}  // namespace

std::vector<AuthScheme> auth_schemes_of(Description& description) {
  const auto& root = description.root();
  const auto& written = description.is_swagger()
                            ? member(root, "securityDefinitions")
                            : member(member(root, "components"), "securitySchemes");
  std::vector<AuthScheme> schemes;
  UniqueNames names;
  for (const auto& [name, part] : written.members()) {
    auto scheme = scheme_of(description, description.resolve(part));
    if (!scheme) continue;
    scheme->name = names.take(parameter_name(name, "key"), "_");
    schemes.push_back(std::move(*scheme));
  }
  return schemes;
}

}  // namespace tba::importing
