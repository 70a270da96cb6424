#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/credential_field.h"
#include "shared/expression/program.h"
#include "shared/key_table.h"

namespace tba {

/// What stands in URLs for the scheme, host and port of the API's base URL, be it the connector's
/// or the credential's own.
inline constexpr std::string_view kOriginPlaceholder = "origin";

/// How an API gives access tokens (OAuth 2.0, RFC 6749). Its URLs may have {origin}, and, as what a
/// JWT claims, {fields} of the credential; or be one such field as a whole.
struct OAuth2Scheme {
  /// How a first token comes to be; refresh tokens are used whichever it was.
  enum class Grant {
    authorization_code,  ///< RFC 6749, section 4.1: somebody agrees in a browser.
    device_code,         ///< RFC 8628: somebody agrees in a browser elsewhere.
    client_credentials,  ///< RFC 6749, section 4.4.
    jwt_bearer,          ///< RFC 7523, section 2.1: what a private key has signed.
  };
  /// How a client proves to the token endpoint who it is: RFC 6749, section 2.3.1.
  enum class ClientProof { basic, body, none };
  enum class TokenBody { form, json };

  /// The token that jwt_bearer makes (RFC 7519).
  struct Jwt {
    enum class Algorithm { rs256, es256 };  ///< RFC 7518, section 3.1.
    enum class Place {
      assertion,  ///< Of the token request: RFC 7523.
      bearer,     ///< Its Authorization header.
    };
    Algorithm algorithm = Algorithm::rs256;
    Place place = Place::assertion;
    std::string issuer;
    std::string subject;   ///< Or empty.
    std::string audience;  ///< Or empty.
    std::string key_id;    ///< Or empty.
    std::chrono::milliseconds lifetime{std::chrono::minutes(5)};
  };

  std::vector<Grant> grants;
  std::string authorize_url;
  std::string token_url;
  std::string device_url;
  std::vector<std::pair<std::string, std::string>> authorize_parameters;
  std::vector<std::pair<std::string, std::string>> token_parameters;
  std::vector<std::pair<std::string, std::string>> token_headers;
  ClientProof client_proof = ClientProof::basic;
  TokenBody token_body = TokenBody::form;
  std::vector<std::string> scopes;  ///< Asked for where a credential names none.
  std::string scope_separator = " ";
  /// The parameter that has the scopes in both requests of device_code, where an API has a name of
  /// its own for it; or empty.
  std::string device_scope_parameter;
  bool pkce = true;  ///< RFC 7636, with S256.
  std::optional<Jwt> jwt;
  /// The access token, and when it ends (RFC 3339, or seconds since 1970), in expression::Mode::
  /// plain over the token endpoint's answer, where they are not where RFC 6749, section 5.1, has
  /// them.
  std::optional<expression::Program> token;
  std::optional<expression::Program> expires_at;
  /// Whether an answer that tells of a failure means that somebody has to log in again, where its
  /// error is none of the standard's: over `{status, body}`, in expression::Mode::plain.
  std::optional<expression::Program> needs_login;
  /// How long a refresh token lives that nobody uses; nothing: for ever, or the answers tell.
  std::optional<std::chrono::milliseconds> refresh_lifetime;

  bool has(Grant grant) const;
};

std::string_view name_of(OAuth2Scheme::Grant grant);
std::optional<OAuth2Scheme::Grant> grant_named(std::string_view name);

std::vector<std::string_view> names_of(const std::vector<OAuth2Scheme::Grant>& grants);

/// The {field} of the credential that a URL is as a whole; empty where it is none.
std::string_view field_that_is(std::string_view url);

/// Whether somebody must agree to the grant in a browser.
bool needs_somebody(OAuth2Scheme::Grant grant);

/// What the keys of such an auth scheme (oauth2_keys.h) say. Adds errors for what the grants need
/// and is not there.
OAuth2Scheme read_oauth2_scheme(const Fields& fields);

/// What a credential of it consists of.
std::vector<CredentialField> fields_of(const OAuth2Scheme& scheme);

}  // namespace tba
