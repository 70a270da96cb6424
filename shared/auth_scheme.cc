#include "shared/auth_scheme.h"

#include <array>

#include <fmt/format.h>

#include "shared/header_name.h"
#include "shared/name_table.h"

namespace tba {
namespace {

constexpr NameTable<AuthScheme::Type, 4> kTypes{{{
    {AuthScheme::Type::bearer, "bearer"},
    {AuthScheme::Type::api_key, "api_key"},
    {AuthScheme::Type::basic, "basic"},
    {AuthScheme::Type::webhook_secret, "webhook_secret"},
}}};
constexpr auto kTypeNames = kTypes.names();

constexpr NameTable<AuthScheme::Place, 3> kPlaces{{{
    {AuthScheme::Place::header, "header"},
    {AuthScheme::Place::query, "query"},
    {AuthScheme::Place::path, "path"},
}}};
constexpr auto kPlaceNames = kPlaces.names();

constexpr std::array kAuthKeys{
    Key{.name = "type",
        .type = KeyType::choice,
        .is_required = true,
        .description = "how a credential of this scheme proves who is calling",
        .choices = kTypeNames},
    Key{.name = "in",
        .type = KeyType::choice,
        .description = "where an api_key goes; header if not given",
        .choices = kPlaceNames},
    Key{.name = "parameter",
        .description = "the header, query parameter or {placeholder} of the paths that an api_key "
                       "goes into"},
    Key{.name = "prefix", .description = "what stands before an api_key, blanks included"},
};

}  // namespace

constinit const KeyTable kAuthTable{"auth", "an auth scheme", kAuthKeys};

std::string_view name_of(AuthScheme::Type type) {
  return kTypes.name_of(type);
}

std::optional<AuthScheme::Type> auth_type_named(std::string_view name) {
  return kTypes.value_of(name);
}

AuthScheme read_auth_scheme(const yaml::Node& name, const yaml::Node& node,
                            Diagnostics& diagnostics) {
  const Fields fields(node, kAuthTable, diagnostics);
  AuthScheme scheme;
  scheme.name = name.text;
  scheme.type = auth_type_named(fields.text("type")).value_or(AuthScheme::Type::bearer);
  scheme.place = kPlaces.value_of(fields.text("in")).value_or(AuthScheme::Place::header);
  scheme.parameter = fields.text("parameter");
  scheme.prefix = fields.text("prefix");
  if (scheme.type != AuthScheme::Type::api_key) {
    for (const auto* key : {"in", "parameter", "prefix"}) {
      if (const auto* found = fields.key(key)) {
        found->error(diagnostics, fmt::format("'{}' belongs to an api_key only", key));
      }
    }
  } else if (!fields.has("parameter")) {
    name.error(diagnostics, fmt::format("the api_key '{}' needs the key 'parameter'", name.text),
               "the header, query parameter or {placeholder} that it goes into");
  } else if (const auto* parameter = fields.find("parameter");
             parameter != nullptr && scheme.place == AuthScheme::Place::header) {
    check_header_name(*parameter, diagnostics);
  }
  return scheme;
}

}  // namespace tba
