#include "daemon/connectors/signing/hmac_signature.h"

#include <optional>
#include <string>

#include <fmt/format.h>

#include "daemon/connectors/authentication.h"
#include "daemon/connectors/digest.h"
#include "daemon/connectors/hmac.h"
#include "daemon/net/url_parts.h"
#include "daemon/vault/base64.h"
#include "daemon/vault/secret.h"
#include "shared/time_format.h"

namespace tba::connectors {
namespace {

using Placeholder = HmacScheme::Placeholder;

Hash hash_of(HmacScheme::Algorithm algorithm) {
  switch (algorithm) {
    case HmacScheme::Algorithm::sha1:
      return Hash::sha1;
    case HmacScheme::Algorithm::sha512:
      return Hash::sha512;
    case HmacScheme::Algorithm::sha256:
      break;
  }
  return Hash::sha256;
}

std::string written(Instant now, HmacScheme::TimestampFormat format) {
  using namespace std::chrono;
  if (format == HmacScheme::TimestampFormat::rfc3339) return format_time(now);
  const auto age = now.time_since_epoch();
  return format == HmacScheme::TimestampFormat::unix_seconds
             ? fmt::to_string(floor<seconds>(age).count())
             : fmt::to_string(floor<milliseconds>(age).count());
}

/// The bytes of the secret; nothing where it is written in another way.
std::optional<std::string> secret_bytes(std::string_view secret,
                                        HmacScheme::SecretEncoding encoding) {
  if (encoding == HmacScheme::SecretEncoding::hex) return from_hex(secret);
  if (encoding == HmacScheme::SecretEncoding::base64) return vault::from_base64(secret);
  return std::string(secret);
}

/// Makes texts out of a request and what goes along with it.
class TextMaker {
 public:
  TextMaker(const net::HttpRequest& request, std::string_view key, std::string_view timestamp,
            std::string_view nonce)
      : request_(request),
        url_(net::url_parts(request.url)),
        key_(key),
        timestamp_(timestamp),
        nonce_(nonce) {}

  std::string make(const TextTemplate<Placeholder>& pieces) const {
    std::string text;
    for (const auto& piece : pieces)
      text += piece.placeholder ? value_of(*piece.placeholder) : piece.text;
    return text;
  }

 private:
  std::string value_of(Placeholder placeholder) const {
    switch (placeholder) {
      case Placeholder::method:
        return request_.method;
      case Placeholder::url:
        return request_.url;
      case Placeholder::host:
        return url_.authority;
      case Placeholder::path:
        return url_.path;
      case Placeholder::query:
        return url_.query;
      case Placeholder::body:
        return request_.body;
      case Placeholder::body_sha256:
        return sha256_hex(request_.body);
      case Placeholder::timestamp:
        return std::string(timestamp_);
      case Placeholder::nonce:
        return std::string(nonce_);
      case Placeholder::key:
        break;
    }
    return std::string(key_);
  }

  const net::HttpRequest& request_;
  const net::UrlParts url_;
  std::string_view key_;
  std::string_view timestamp_;
  std::string_view nonce_;
};

}  // namespace

Result<> sign_hmac(net::HttpRequest& request, const HmacScheme& scheme, const HmacKeys& keys,
                   Instant now, std::string_view nonce) {
  auto secret = secret_bytes(keys.secret, scheme.secret_encoding);
  if (!secret) {
    return Error{ErrorCode::invalid,
                 fmt::format("the secret that requests are signed with is not written in {}",
                             kHmacSecretEncodings.name_of(scheme.secret_encoding)),
                 "set the credential anew"};
  }
  const auto timestamp = written(now, scheme.timestamp_format);
  const TextMaker maker(request, keys.key, timestamp, nonce);
  const auto code = hmac(hash_of(scheme.algorithm), *secret, maker.make(scheme.is_signed));
  vault::wipe(*secret);
  auto signature = maker.make(scheme.prefix);
  signature += scheme.encoding == HmacScheme::Encoding::hex ? hex(code) : vault::base64(code);

  const auto set = [&](const std::string& name, std::string value) {
    if (!name.empty()) set_header(request, name, std::move(value));
  };
  set(scheme.key_header, std::string(keys.key));
  set(scheme.timestamp_header, timestamp);
  set(scheme.nonce_header, std::string(nonce));
  set(scheme.header, std::move(signature));
  return {};
}

}  // namespace tba::connectors
