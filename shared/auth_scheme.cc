#include "shared/auth_scheme.h"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "shared/header_name.h"
#include "shared/name_table.h"
#include "shared/oauth2_keys.h"
#include "shared/placeholders.h"

namespace tba {
namespace {

using namespace std::string_view_literals;
using Type = AuthScheme::Type;
using Place = AuthScheme::Place;

constexpr NameTable<Place, 4> kPlaces{{{
    {Place::header, "header"},
    {Place::query, "query"},
    {Place::cookie, "cookie"},
    {Place::path, "path"},
}}};
constexpr auto kPlaceNames = kPlaces.names();

constexpr NameTable<AuthScheme::OAuth1Method, 2> kOAuth1Methods{{{
    {AuthScheme::OAuth1Method::hmac_sha1, "hmac_sha1"},
    {AuthScheme::OAuth1Method::hmac_sha256, "hmac_sha256"},
}}};
constexpr auto kOAuth1MethodNames = kOAuth1Methods.names();

template <std::size_t size>
constexpr auto names_of(const std::array<Key, size>& keys) {
  std::array<std::string_view, size> names;
  for (std::size_t i = 0; i < size; ++i) names[i] = keys[i].name;
  return names;
}

template <class Item, std::size_t... sizes>
constexpr auto joined(const std::array<Item, sizes>&... parts) {
  std::array<Item, (sizes + ...)> all;
  auto* end = all.data();
  ((end = std::ranges::copy(parts, end).out), ...);
  return all;
}

/// What the types differ in.
struct TypeDescription {
  Type type;
  std::string_view name;
  std::span<const std::string_view> keys = {};    ///< Beside those that all take.
  std::span<const std::string_view> fields = {};  ///< That a credential must have.
};

constexpr std::array kBearerFields{"token"sv};
constexpr std::array kLoginFields{"username"sv, "password"sv};
constexpr std::array kApiKeyKeys{"in"sv, "parameter"sv, "prefix"sv};
constexpr std::array kApiKeyFields{"key"sv};
constexpr auto kOAuth2KeyNames = joined(std::array{"prefix"sv}, names_of(kOAuth2Keys));
constexpr std::array kSecretFields{"secret"sv};
constexpr std::array kOAuth1Keys{"signature"sv};
constexpr std::array kOAuth1Fields{"consumer_key"sv, "consumer_secret"sv};
constexpr auto kHmacKeyNames = joined(std::array{"prefix"sv}, names_of(kHmacKeys));
constexpr std::array kAwsKeys{"service"sv, "region"sv};
constexpr std::array kAwsFields{"access_key_id"sv, "secret_access_key"sv};
constexpr std::array kMutualTlsFields{"certificate"sv, "private_key"sv};

constexpr std::array kTypes{
    TypeDescription{Type::none, "none"},
    TypeDescription{Type::bearer, "bearer", {}, kBearerFields},
    TypeDescription{Type::basic, "basic", {}, kLoginFields},
    TypeDescription{Type::digest, "digest", {}, kLoginFields},
    TypeDescription{Type::api_key, "api_key", kApiKeyKeys, kApiKeyFields},
    TypeDescription{Type::oauth1, "oauth1", kOAuth1Keys, kOAuth1Fields},
    TypeDescription{Type::hmac, "hmac", kHmacKeyNames, kSecretFields},
    TypeDescription{Type::aws_sigv4, "aws_sigv4", kAwsKeys, kAwsFields},
    TypeDescription{Type::mutual_tls, "mutual_tls", {}, kMutualTlsFields},
    TypeDescription{Type::oauth2, "oauth2", kOAuth2KeyNames},
    TypeDescription{Type::webhook_secret, "webhook_secret", {}, kSecretFields},
};

constexpr auto kTypeNames = [] {
  std::array<std::string_view, kTypes.size()> names;
  std::ranges::transform(kTypes, names.begin(), &TypeDescription::name);
  return names;
}();

const TypeDescription& description_of(Type type) {
  return *std::ranges::find(kTypes, type, &TypeDescription::type);
}

constexpr std::array kCommonKeys{
    Key{.name = "type",
        .type = KeyType::choice,
        .is_required = true,
        .description = "how a credential of this scheme proves who is calling",
        .choices = kTypeNames},
    Key{.name = "headers",
        .type = KeyType::text_map,
        .description = "further headers of the requests; {fields} of the credential may stand in "
                       "their values"},
    Key{.name = "in",
        .type = KeyType::choice,
        .description = "where an api_key goes; header if not given",
        .choices = kPlaceNames},
    Key{.name = "parameter",
        .description = "the header, query parameter, cookie or {placeholder} of the paths that an "
                       "api_key goes into; the name may be a {field} of the credential"},
    Key{.name = "prefix",
        .description = "what stands before the api_key, token or signature, blanks included; "
                       "before an oauth2 token \"Bearer \" if not given"},
    Key{.name = "signature",
        .type = KeyType::choice,
        .description = "what signs by oauth1; hmac_sha1 if not given",
        .choices = kOAuth1MethodNames},
    Key{.name = "service",
        .description = "the AWS service that is called, such as s3; may be a {field} of the "
                       "credential"},
    Key{.name = "region",
        .description = "the AWS region that is called; if not given, a field of each credential"},
};
constexpr auto kAuthKeys = joined(kCommonKeys, kHmacKeys, kOAuth2Keys);

bool takes(const TypeDescription& type, std::string_view key) {
  return key == "type" || (key == "headers" && type.type != Type::webhook_secret) ||
         std::ranges::find(type.keys, key) != type.keys.end();
}

/// What a name may look like that each credential has its own of.
std::string example_of(std::string_view name) {
  return fill_placeholders(name, [](std::string_view) { return "x"; });
}

/// What its credentials have beside what the type says.
std::vector<CredentialField> fields_beside(const AuthScheme& scheme) {
  switch (scheme.type) {
    case Type::oauth1:  // without a token the client speaks for itself
      return {optional_field("token"), optional_field("token_secret")};
    case Type::hmac:
      if (scheme.hmac && names_key(*scheme.hmac)) return {field_named("key")};
      return {};
    case Type::aws_sigv4:
      if (!scheme.region.empty()) return {optional_field("session_token")};
      return {field_named("region"), optional_field("session_token")};
    default:
      return {};
  }
}

/// Adds an error for each key that belongs to other types only.
void refuse_keys_of_others(const Fields& fields, const TypeDescription& type) {
  for (const auto& key : kAuthKeys) {
    const auto* found = fields.key(key.name);
    if (!found || takes(type, key.name)) continue;
    std::vector<std::string_view> takers;
    for (const auto& other : kTypes) {
      if (takes(other, key.name)) takers.push_back(other.name);
    }
    found->error(fields.diagnostics(),
                 fmt::format("'{}' makes no sense with the type {}", key.name, type.name),
                 fmt::format("it belongs to: {}", fmt::join(takers, ", ")));
  }
}

void check_api_key(const Fields& fields, const AuthScheme& scheme, const yaml::Node& name) {
  const auto* parameter = fields.find("parameter");
  if (!fields.has("parameter")) {
    name.error(fields.diagnostics(),
               fmt::format("the api_key '{}' needs the key 'parameter'", name.text),
               "the header, query parameter, cookie or {placeholder} that it goes into");
  } else if (parameter && scheme.place == Place::header) {
    if (!is_header_name(example_of(scheme.parameter)))
      check_header_name(*parameter, fields.diagnostics());
  } else if (parameter && scheme.place == Place::cookie &&
             !is_header_name(example_of(scheme.parameter))) {
    // RFC 6265, section 4.1.1: a token, as a header's name is.
    parameter->error(fields.diagnostics(),
                     fmt::format("'{}' is not the name of a cookie", parameter->text));
  }
}

}  // namespace

constinit const KeyTable kAuthTable{"auth", "an auth scheme", kAuthKeys};

std::string_view name_of(AuthScheme::Type type) {
  return description_of(type).name;
}

std::optional<AuthScheme::Type> auth_type_named(std::string_view name) {
  const auto* found = std::ranges::find(kTypes, name, &TypeDescription::name);
  return found == kTypes.end() ? std::nullopt : std::optional(found->type);
}

std::string_view name_of(AuthScheme::Place place) {
  return kPlaces.name_of(place);
}

std::vector<CredentialField> fields_of(const AuthScheme& scheme) {
  auto fields = scheme.oauth2 ? fields_of(*scheme.oauth2) : std::vector<CredentialField>();
  const auto add_named_in = [&](std::string_view text) {
    for (const auto& name : placeholders_in(text)) {
      if (std::ranges::find(fields, name, &CredentialField::name) == fields.end())
        fields.push_back(field_named(name));
    }
  };
  if (scheme.place != Place::path) add_named_in(scheme.parameter);
  add_named_in(scheme.service);
  for (const auto name : description_of(scheme.type).fields) fields.push_back(field_named(name));
  for (auto& field : fields_beside(scheme)) fields.push_back(std::move(field));
  if (scheme.is_for_mail) {
    if (scheme.oauth2) fields.push_back(field_named("username"));
    fields.push_back(optional_field("from"));
  }
  for (const auto& [header, value] : scheme.headers) add_named_in(value);
  return fields;
}

AuthScheme read_auth_scheme(const yaml::Node& name, const yaml::Node& node,
                            Diagnostics& diagnostics) {
  const Fields fields(node, kAuthTable, diagnostics);
  AuthScheme scheme;
  scheme.name = name.text;
  const auto type = auth_type_named(fields.text("type"));
  scheme.type = type.value_or(Type::bearer);
  scheme.place = kPlaces.value_of(fields.text("in")).value_or(Place::header);
  scheme.parameter = fields.text("parameter");
  scheme.prefix = fields.text("prefix", scheme.type == Type::oauth2 ? "Bearer " : "");
  scheme.headers = read_headers(fields, "headers");
  scheme.oauth1_method =
      kOAuth1Methods.value_of(fields.text("signature")).value_or(scheme.oauth1_method);
  scheme.service = fields.text("service");
  scheme.region = fields.text("region");
  if (!type) return scheme;
  refuse_keys_of_others(fields, description_of(*type));
  if (*type == Type::api_key) check_api_key(fields, scheme, name);
  if (*type == Type::hmac) scheme.hmac = read_hmac_scheme(fields);
  if (*type == Type::aws_sigv4 && !fields.has("service"))
    name.error(diagnostics, "an aws_sigv4 scheme needs the key 'service'");
  if (*type == Type::oauth2) scheme.oauth2 = read_oauth2_scheme(fields);
  return scheme;
}

}  // namespace tba
