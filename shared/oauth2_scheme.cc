#include "shared/oauth2_scheme.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "shared/answer_rules.h"
#include "shared/header_name.h"
#include "shared/name_table.h"
#include "shared/oauth2_keys.h"
#include "shared/placeholders.h"

namespace tba {
namespace {

using Grant = OAuth2Scheme::Grant;
using ClientProof = OAuth2Scheme::ClientProof;
using Jwt = OAuth2Scheme::Jwt;
using TokenBody = OAuth2Scheme::TokenBody;

constexpr NameTable<Jwt::Algorithm, 2> kAlgorithms{{{
    {Jwt::Algorithm::rs256, "RS256"},
    {Jwt::Algorithm::es256, "ES256"},
}}};
constexpr auto kAlgorithmNames = kAlgorithms.names();

constexpr NameTable<Jwt::Place, 2> kJwtPlaces{{{
    {Jwt::Place::assertion, "assertion"},
    {Jwt::Place::bearer, "bearer"},
}}};
constexpr auto kJwtPlaceNames = kJwtPlaces.names();

constexpr std::array kJwtKeys{
    Key{.name = "issuer",
        .is_required = true,
        .description = "who signs (`iss`), such as {client_email} or {app_id}"},
    Key{.name = "subject", .description = "in whose name (`sub`)"},
    Key{.name = "audience", .description = "for whom it is (`aud`)"},
    Key{.name = "key_id", .description = "which key has signed (`kid`), such as {private_key_id}"},
    Key{.name = "algorithm",
        .type = KeyType::choice,
        .description = "what it is signed with; RS256 if not given",
        .choices = kAlgorithmNames},
    Key{.name = "lifetime",
        .type = KeyType::duration,
        .description = "for how long it holds; 5m if not given"},
    Key{.name = "sent_as",
        .type = KeyType::choice,
        .description = "where the token request has it; assertion if not given",
        .choices = kJwtPlaceNames},
};
constexpr std::array<std::string_view, 3> kUrlStarts{"https://", "http://", "{origin}/"};

class Reader {
 public:
  explicit Reader(const Fields& fields) : fields_(fields) {}

  OAuth2Scheme read() {
    for (const auto& name : fields_.texts("grants")) {
      if (const auto grant = grant_named(name)) made_.grants.push_back(*grant);
    }
    made_.authorize_url = url("authorize_url");
    made_.token_url = url("token_url");
    made_.device_url = url("device_url");
    made_.authorize_parameters = fields_.text_map("authorize_parameters");
    made_.token_parameters = fields_.text_map("token_parameters");
    made_.token_headers = read_headers(fields_, "token_headers");
    made_.client_proof = kClientProofTable.value_of(fields_.text("client_authentication"))
                             .value_or(ClientProof::basic);
    made_.token_body =
        kTokenBodyTable.value_of(fields_.text("token_body")).value_or(TokenBody::form);
    made_.scopes = fields_.texts("scopes");
    made_.scope_separator = fields_.text("scope_separator", " ");
    made_.device_scope_parameter = fields_.text("device_scope_parameter");
    made_.pkce = fields_.boolean("pkce", true);
    if (const auto* jwt = fields_.find("jwt")) made_.jwt = read_jwt(*jwt);
    made_.token = program("token");
    made_.expires_at = program("expires_at");
    made_.needs_login = program("needs_login");
    made_.refresh_lifetime = fields_.duration("refresh_lifetime");
    demand("grants", true, "an oauth2 scheme");
    demand("token_url", true, "an oauth2 scheme");
    demand("authorize_url", made_.has(Grant::authorization_code), "authorization_code");
    demand("device_url", made_.has(Grant::device_code), "device_code");
    demand("jwt", made_.has(Grant::jwt_bearer), "jwt_bearer");
    return std::move(made_);
  }

 private:
  Diagnostics& diagnostics() const { return fields_.diagnostics(); }

  std::string url(std::string_view key) {
    const auto* node = fields_.find(key);
    if (node == nullptr) return {};
    const std::string_view text = node->text;
    if (!field_that_is(text).empty()) return node->text;
    const bool is_absolute = std::ranges::any_of(kUrlStarts, [&](std::string_view start) {
      return text.starts_with(start) && text.size() > start.size();
    });
    if (!is_absolute || text.find_first_of(" #@") != std::string_view::npos) {
      node->error(diagnostics(), fmt::format("'{}' is not such a URL", text),
                  "https://host/path, {origin}/path for a path where the API is, or a {field}");
    }
    return node->text;
  }

  std::optional<expression::Program> program(std::string_view key) {
    const auto* node = fields_.find(key);
    return node ? read_plain_program(*node, diagnostics()) : std::nullopt;
  }

  Jwt read_jwt(const yaml::Node& node) {
    const Fields keys(node, kJwtTable, diagnostics());
    Jwt jwt;
    jwt.issuer = keys.text("issuer");
    jwt.subject = keys.text("subject");
    jwt.audience = keys.text("audience");
    jwt.key_id = keys.text("key_id");
    jwt.algorithm = kAlgorithms.value_of(keys.text("algorithm")).value_or(Jwt::Algorithm::rs256);
    jwt.place = kJwtPlaces.value_of(keys.text("sent_as")).value_or(Jwt::Place::assertion);
    jwt.lifetime = keys.duration("lifetime").value_or(jwt.lifetime);
    return jwt;
  }

  void demand(std::string_view key, bool is_needed, std::string_view who) {
    if (is_needed && !fields_.has(key))
      fields_.node().error(diagnostics(), fmt::format("{} needs the key '{}'", who, key));
  }

  const Fields& fields_;
  OAuth2Scheme made_;
};

}  // namespace

constinit const KeyTable kJwtTable{"jwt", "the JWT", kJwtKeys};

bool OAuth2Scheme::has(Grant grant) const {
  return std::ranges::find(grants, grant) != grants.end();
}

std::string_view name_of(OAuth2Scheme::Grant grant) {
  return kGrantTable.name_of(grant);
}

std::optional<OAuth2Scheme::Grant> grant_named(std::string_view name) {
  return kGrantTable.value_of(name);
}

std::vector<std::string_view> names_of(const std::vector<OAuth2Scheme::Grant>& grants) {
  std::vector<std::string_view> names;
  for (const auto grant : grants) names.push_back(name_of(grant));
  return names;
}

std::string_view field_that_is(std::string_view url) {
  const auto names = placeholders_in(url);
  const bool is_whole = names.size() == 1 && names.front() != kOriginPlaceholder &&
                        url.size() == names.front().size() + 2;
  return is_whole ? url.substr(1, url.size() - 2) : std::string_view();
}

bool needs_somebody(OAuth2Scheme::Grant grant) {
  return grant == Grant::authorization_code || grant == Grant::device_code;
}

OAuth2Scheme read_oauth2_scheme(const Fields& fields) {
  return Reader(fields).read();
}

std::vector<CredentialField> fields_of(const OAuth2Scheme& scheme) {
  std::vector<CredentialField> fields;
  const auto add = [&](CredentialField field) {
    if (std::ranges::find(fields, field.name, &CredentialField::name) == fields.end())
      fields.push_back(std::move(field));
  };
  const bool has_client =
      std::ranges::any_of(scheme.grants, [](Grant grant) { return grant != Grant::jwt_bearer; });
  const bool needs_secret = scheme.client_proof != ClientProof::none && scheme.grants.size() == 1 &&
                            scheme.has(Grant::client_credentials);
  if (has_client) {
    add(field_named("client_id"));
    add(needs_secret ? field_named("client_secret") : optional_field("client_secret"));
  }
  std::vector<std::string_view> texts{scheme.authorize_url, scheme.token_url, scheme.device_url};
  if (scheme.jwt) {
    const auto& jwt = *scheme.jwt;
    texts.insert(texts.end(), {jwt.issuer, jwt.subject, jwt.audience, jwt.key_id});
  }
  for (const auto text : texts) {
    for (const auto& name : placeholders_in(text)) {
      if (name != kOriginPlaceholder) add(field_named(name));
    }
  }
  if (scheme.jwt) add(field_named("private_key"));
  for (const auto* name : {"scopes", "grant", "access_token", "refresh_token", "expires_at"})
    add(optional_field(name));
  return fields;
}

}  // namespace tba
