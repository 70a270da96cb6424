#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/auth_scheme.h"
#include "shared/diagnostic.h"
#include "shared/key_table.h"
#include "shared/text_template.h"
#include "shared/yaml_reader.h"

namespace tba {

/// How a delivery of a webhook proves who sent it.
struct WebhookVerification {
  enum class Scheme {
    hmac_sha256,  ///< The three: an HMAC (RFC 2104) of what is signed.
    hmac_sha1,
    hmac_sha512,
    ed25519,  ///< A signature (RFC 8032) of what is signed; the secret is the public key.
    token,    ///< The secret itself.
    basic,    ///< A user and a password (RFC 7617).
  };
  enum class Encoding { text, hex, base64 };

  /// What the text that is signed has places for.
  enum class Placeholder { body, timestamp, id };

  struct Timestamp {
    enum class Format { unix_seconds, rfc3339 };
    std::string header;  ///< Empty where deliveries have no signed timestamp.
    std::string prefix;  ///< Of the element that holds it.
    Format format = Format::unix_seconds;
    std::chrono::milliseconds tolerance{0};  ///< On both sides of now.
  };

  /// How the credential's secret becomes the key.
  struct Secret {
    std::string prefix;  ///< Left out where the secret has it.
    Encoding encoding = Encoding::text;
  };

  std::string auth;  ///< The auth scheme whose credentials it is for; empty: any.
  Scheme scheme = Scheme::hmac_sha256;
  std::string header;
  std::string separator;  ///< Between the elements of the header; empty: it is one.
  std::string prefix;     ///< Which elements are signatures; any that is right will do.
  Encoding encoding = Encoding::hex;
  TextTemplate<Placeholder> is_signed = {{Placeholder::body}};
  std::string id_header;  ///< What {id} stands for.
  Timestamp timestamp;
  Secret secret;

  bool is_hmac() const {
    return scheme == Scheme::hmac_sha256 || scheme == Scheme::hmac_sha1 ||
           scheme == Scheme::hmac_sha512;
  }

  /// The type of the credentials that it takes.
  AuthScheme::Type credential_type() const {
    return scheme == Scheme::basic ? AuthScheme::Type::basic : AuthScheme::Type::webhook_secret;
  }
};

/// The name as written in files: "hmac_sha256", …
std::string_view name_of(WebhookVerification::Scheme scheme);

/// The keys of a `verify`.
extern const KeyTable kVerifyTable;

/// The verifications that `verify`, one or a list, describes. `auth` are the connector's schemes.
std::vector<WebhookVerification> read_verifications(const std::vector<const yaml::Node*>& nodes,
                                                    std::span<const AuthScheme> auth,
                                                    Diagnostics& diagnostics);

}  // namespace tba
