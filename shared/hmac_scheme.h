#pragma once

#include <array>
#include <string>

#include "shared/key_table.h"
#include "shared/name_table.h"
#include "shared/text_template.h"

namespace tba {

/// How requests are signed for an API that has a way of its own: an HMAC (RFC 2104) of a text that
/// is made of the request, in a header.
struct HmacScheme {
  enum class Algorithm { sha256, sha1, sha512 };
  enum class Encoding { hex, base64 };
  enum class SecretEncoding { text, hex, base64 };
  enum class TimestampFormat { unix_seconds, unix_milliseconds, rfc3339 };

  /// What the texts have places for.
  enum class Placeholder {
    method,
    url,          ///< Whole, as it is sent.
    host,         ///< With the port where it is not the scheme's own.
    path,         ///< Encoded as it is sent.
    query,        ///< Likewise, without '?'.
    body,         ///< Its bytes.
    body_sha256,  ///< Their hash, as hexadecimal digits in lower case.
    timestamp,
    nonce,  ///< New for each request.
    key,    ///< Of the credential: what its secret is known by.
  };

  Algorithm algorithm = Algorithm::sha256;
  Encoding encoding = Encoding::hex;  ///< Of the signature.
  SecretEncoding secret_encoding = SecretEncoding::text;
  TextTemplate<Placeholder> is_signed;
  std::string header;                ///< Which gets the signature.
  TextTemplate<Placeholder> prefix;  ///< Before it: timestamp, nonce and key have places there.
  std::string timestamp_header;      ///< Or empty, as the following.
  TimestampFormat timestamp_format = TimestampFormat::unix_seconds;
  std::string nonce_header;
  std::string key_header;
};

inline constexpr NameTable<HmacScheme::Algorithm, 3> kHmacAlgorithms{{{
    {HmacScheme::Algorithm::sha256, "sha256"},
    {HmacScheme::Algorithm::sha1, "sha1"},
    {HmacScheme::Algorithm::sha512, "sha512"},
}}};
inline constexpr auto kHmacAlgorithmNames = kHmacAlgorithms.names();

inline constexpr NameTable<HmacScheme::Encoding, 2> kHmacEncodings{{{
    {HmacScheme::Encoding::hex, "hex"},
    {HmacScheme::Encoding::base64, "base64"},
}}};
inline constexpr auto kHmacEncodingNames = kHmacEncodings.names();

inline constexpr NameTable<HmacScheme::SecretEncoding, 3> kHmacSecretEncodings{{{
    {HmacScheme::SecretEncoding::text, "text"},
    {HmacScheme::SecretEncoding::hex, "hex"},
    {HmacScheme::SecretEncoding::base64, "base64"},
}}};
inline constexpr auto kHmacSecretEncodingNames = kHmacSecretEncodings.names();

inline constexpr NameTable<HmacScheme::TimestampFormat, 3> kHmacTimestampFormats{{{
    {HmacScheme::TimestampFormat::unix_seconds, "unix"},
    {HmacScheme::TimestampFormat::unix_milliseconds, "unix_ms"},
    {HmacScheme::TimestampFormat::rfc3339, "rfc3339"},
}}};
inline constexpr auto kHmacTimestampFormatNames = kHmacTimestampFormats.names();

/// The keys of an auth scheme of type `hmac`, for the table of those of all types.
inline constexpr std::array kHmacKeys{
    Key{.name = "algorithm",
        .type = KeyType::choice,
        .description = "the hash of an hmac; sha256 if not given",
        .choices = kHmacAlgorithmNames},
    Key{.name = "signed",
        .description = "the text that an hmac signs, with {method}, {url}, {host}, {path}, "
                       "{query}, {body}, {body_sha256}, {timestamp}, {nonce} and {key} in it"},
    Key{.name = "encoding",
        .type = KeyType::choice,
        .description = "how an hmac is written; hex if not given",
        .choices = kHmacEncodingNames},
    Key{.name = "header", .description = "the header that an hmac goes into"},
    Key{.name = "timestamp_header",
        .description = "the header that gets the {timestamp} of an hmac"},
    Key{.name = "timestamp_format",
        .type = KeyType::choice,
        .description = "unix: seconds since 1970 (if not given); unix_ms: milliseconds",
        .choices = kHmacTimestampFormatNames},
    Key{.name = "nonce_header", .description = "the header that gets the {nonce} of an hmac"},
    Key{.name = "key_header", .description = "the header that gets the key of an hmac's secret"},
    Key{.name = "secret_encoding",
        .type = KeyType::choice,
        .description = "how the credential writes the secret of an hmac; text if not given",
        .choices = kHmacSecretEncodingNames},
};

/// Whether requests tell what the secret is known by, so that credentials must have it.
bool names_key(const HmacScheme& scheme);

/// The scheme that an auth scheme of type `hmac` describes: by kHmacKeys and `prefix`, all of which
/// are in the fields' table.
HmacScheme read_hmac_scheme(const Fields& fields);

}  // namespace tba
