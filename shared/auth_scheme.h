#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/credential_field.h"
#include "shared/diagnostic.h"
#include "shared/hmac_scheme.h"
#include "shared/key_table.h"
#include "shared/oauth2_scheme.h"
#include "shared/yaml_reader.h"

namespace tba {

/// How a credential of a connector proves who is calling.
struct AuthScheme {
  enum class Type {
    none,        ///< Not at all: for the base URL that a credential may have.
    bearer,      ///< RFC 6750.
    basic,       ///< RFC 7617.
    digest,      ///< RFC 7616.
    api_key,     ///< A key in a header, the query, a cookie or the path.
    oauth1,      ///< Requests are signed by RFC 5849.
    hmac,        ///< Requests are signed in the API's own way: HmacScheme.
    aws_sigv4,   ///< Requests are signed by AWS Signature Version 4.
    mutual_tls,  ///< The client shows a certificate (RFC 8446, section 4.4.2).
    oauth2,      ///< An access token that is renewed: OAuth2Scheme.
    webhook_secret,
  };
  /// What signs by oauth1: RFC 5849, section 3.4.2, and the same with a later hash.
  enum class OAuth1Method { hmac_sha1, hmac_sha256 };
  /// Where an API key goes in a request.
  enum class Place { header, query, cookie, path };

  std::string name;
  Type type = Type::bearer;
  Place place = Place::header;  ///< api_key.
  /// api_key: the header, query parameter, cookie or {placeholder}. Of all but the last the name
  /// may be a {field} of the credential.
  std::string parameter;
  std::string prefix;  ///< What is put before the key ("Bot ") or the token ("Bearer ").
  /// Further headers of the requests; {fields} of the credential may stand in their values.
  std::vector<std::pair<std::string, std::string>> headers;
  OAuth1Method oauth1_method = OAuth1Method::hmac_sha1;
  std::string service;  ///< aws_sigv4: "s3"; may be a {field}, too.
  std::string region;   ///< aws_sigv4; empty: each credential has its own.
  std::optional<HmacScheme> hmac;
  std::optional<OAuth2Scheme> oauth2;
  bool is_for_mail = false;  ///< Its credentials may say who the sender of mail is.

  /// Whether its credentials authenticate calls.
  bool is_for_calls() const { return type != Type::webhook_secret; }
};

/// The name as written in files: "bearer", …
std::string_view name_of(AuthScheme::Type type);
std::optional<AuthScheme::Type> auth_type_named(std::string_view name);
std::string_view name_of(AuthScheme::Place place);

/// What a credential of that scheme consists of.
std::vector<CredentialField> fields_of(const AuthScheme& scheme);

/// The keys of an auth scheme.
extern const KeyTable kAuthTable;

/// The scheme of that name that a node describes.
AuthScheme read_auth_scheme(const yaml::Node& name, const yaml::Node& node,
                            Diagnostics& diagnostics);

}  // namespace tba
