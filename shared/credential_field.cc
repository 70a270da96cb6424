#include "shared/credential_field.h"

#include <algorithm>
#include <array>

namespace tba {
namespace {

struct KnownField {
  std::string_view name;
  std::string_view prompt;
  bool is_secret = true;
  bool may_be_empty = false;
  bool has_lines = false;
  bool is_sent = true;
};

constexpr std::array kKnown{
    KnownField{"access_key_id", "Access key ID", false},
    KnownField{"access_token", "Access token"},
    KnownField{"account", "Account", false},
    KnownField{"account_id", "Account ID", false},
    KnownField{"app_id", "App ID", false},
    KnownField{"authorize_url", "URL at which people agree", false},
    KnownField{.name = "certificate",
               .prompt = "Certificate (PEM)",
               .is_secret = false,
               .has_lines = true,
               .is_sent = false},
    KnownField{"client_email", "Client e-mail address", false},
    KnownField{"client_id", "Client ID", false},
    KnownField{"client_secret", "Client secret"},
    KnownField{"consumer_key", "Consumer key", false},
    KnownField{"consumer_secret", "Consumer secret"},
    KnownField{"cookie", "Name of the cookie", false},
    KnownField{"device_url", "URL that gives device codes", false},
    KnownField{"domain", "Domain", false},
    KnownField{"expires_at", "End of the access token", false},
    KnownField{"from", "Sender", false},
    KnownField{"grant", "Grant", false},
    KnownField{"header", "Name of the header", false},
    KnownField{"installation_id", "Installation ID", false},
    KnownField{"key", "Key"},
    KnownField{"key_id", "Key ID", false},
    KnownField{"login_problem", "Problem", false},
    KnownField{"obtained_at", "Begin of the access token", false},
    KnownField{"org", "Organization", false},
    KnownField{"organization", "Organization", false},
    KnownField{"parameter", "Name of the query parameter", false},
    KnownField{"password", "Password", true, true},
    KnownField{
        .name = "private_key", .prompt = "Private key (PEM)", .has_lines = true, .is_sent = false},
    KnownField{"private_key_id", "Private key ID", false},
    KnownField{"refresh_expires_at", "End of the refresh token", false},
    KnownField{"refresh_token", "Refresh token"},
    KnownField{"refreshing_since", "Begin of a refresh", false},
    KnownField{"region", "Region", false},
    KnownField{"scopes", "Scopes", false},
    KnownField{.name = "secret", .prompt = "Secret", .is_sent = false},
    KnownField{"secret_access_key", "Secret access key"},
    KnownField{"service", "Service", false},
    KnownField{"session_token", "Session token"},
    KnownField{"site", "Site", false},
    KnownField{"subdomain", "Subdomain", false},
    KnownField{"subject", "Subject", false},
    KnownField{"tenant", "Tenant", false},
    KnownField{"token", "Token"},
    KnownField{"token_secret", "Token secret"},
    KnownField{"token_url", "URL that gives tokens", false},
    KnownField{"username", "User name", false},
    KnownField{"workspace", "Workspace", false},
};

}  // namespace

CredentialField field_named(std::string_view name) {
  CredentialField field{.name = std::string(name), .prompt = std::string(name)};
  const auto* known = std::ranges::find(kKnown, name, &KnownField::name);
  if (known == kKnown.end()) return field;
  field.prompt = known->prompt;
  field.is_secret = known->is_secret;
  field.may_be_empty = known->may_be_empty;
  field.has_lines = known->has_lines;
  field.is_sent = known->is_sent;
  return field;
}

CredentialField optional_field(std::string_view name) {
  auto field = field_named(name);
  field.is_required = false;
  return field;
}

}  // namespace tba
