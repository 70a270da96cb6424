#include "daemon/connectors/webhook_verifier.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <sodium.h>

#include "daemon/connectors/digest.h"
#include "daemon/connectors/hmac.h"
#include "daemon/vault/base64.h"
#include "shared/duration.h"
#include "shared/time_format.h"
#include "shared/uri.h"

namespace tba::connectors {
namespace {

using Scheme = WebhookVerification::Scheme;
using Encoding = WebhookVerification::Encoding;
using Placeholder = WebhookVerification::Placeholder;
using Timestamp = WebhookVerification::Timestamp;

/// How many a header may hold: senders that change their secret send two.
constexpr std::size_t kMostSignatures = 10;
constexpr std::size_t kLongestChallenge = 128;

Error denied(std::string message) {
  return {ErrorCode::denied, std::move(message), ""};
}

Hash hash_of(Scheme scheme) {
  if (scheme == Scheme::hmac_sha1) return Hash::sha1;
  return scheme == Scheme::hmac_sha512 ? Hash::sha512 : Hash::sha256;
}

std::optional<std::string> decoded(std::string_view text, Encoding encoding) {
  if (encoding == Encoding::hex) return from_hex(text);
  if (encoding == Encoding::base64) return vault::from_base64(text);
  return std::string(text);
}

bool are_equal(std::string_view left, std::string_view right) {
  return left.size() == right.size() && sodium_memcmp(left.data(), right.data(), left.size()) == 0;
}

/// What signatures are checked with: the credential's secret itself, or what it is decoded to,
/// which is wiped when it goes.
class VerificationKey {
 public:
  VerificationKey(const WebhookVerification& verification, const vault::Credential& credential) {
    if (verification.scheme == Scheme::basic) {
      made_ = fmt::format("{}:{}", credential.field("username"), credential.field("password"));
      return;
    }
    const auto& [prefix, encoding] = verification.secret;
    secret_ = credential.field("secret");
    if (secret_.starts_with(prefix)) secret_.remove_prefix(prefix.size());
    if (encoding != Encoding::text) {
      made_ = decoded(secret_, encoding).value_or("");
      secret_ = {};
    }
    fits_ = !view().empty() &&
            (verification.scheme != Scheme::ed25519 || view().size() == crypto_sign_PUBLICKEYBYTES);
  }
  VerificationKey(const VerificationKey&) = delete;
  VerificationKey& operator=(const VerificationKey&) = delete;
  ~VerificationKey() { sodium_memzero(made_.data(), made_.size()); }

  /// Whether the secret can be a key at all.
  bool fits() const { return fits_; }
  std::string_view view() const { return secret_.empty() ? std::string_view(made_) : secret_; }

 private:
  std::string_view secret_;  // of the credential
  std::string made_;
  bool fits_ = true;
};

/// What a secret of that verification looks like.
std::string_view form_of(const WebhookVerification& verification) {
  const bool is_hex = verification.secret.encoding == Encoding::hex;
  if (verification.scheme == Scheme::ed25519)
    return is_hex ? "a public key of 64 hexadecimal digits" : "a public key of 32 bytes in base64";
  return is_hex ? "a key in hexadecimal digits" : "a key in base64";
}

Result<std::string_view> only_header(Headers headers, std::string_view name) {
  const auto count = std::ranges::count_if(
      headers, [&](const auto& header) { return equal_ignoring_case(header.first, name); });
  if (count == 0) return denied(fmt::format("the header {} is missing", name));
  if (count > 1) return denied(fmt::format("the header {} is there more than once", name));
  return *find_header(headers, name);
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// The elements of the header that begin with the prefix, without it; at least one.
Result<std::vector<std::string_view>> elements(Headers headers, const std::string& name,
                                               std::string_view separator,
                                               std::string_view prefix) {
  const auto value = only_header(headers, name);
  if (!value) return value.error();
  std::vector<std::string_view> found;
  for (std::size_t begin = 0; begin <= value->size();) {
    const auto end =
        separator.empty() ? value->size() : std::min(value->find(separator, begin), value->size());
    const auto part = value->substr(begin, end - begin);
    const auto element = separator.empty() ? part : trimmed(part);
    if (element.starts_with(prefix)) found.push_back(element.substr(prefix.size()));
    begin = end + std::max<std::size_t>(separator.size(), 1);
  }
  if (found.size() > kMostSignatures)
    return denied(
        fmt::format("the header {} holds more than {} signatures", name, kMostSignatures));
  if (!found.empty()) return found;
  return denied(
      separator.empty()
          ? fmt::format("the header {} does not begin with '{}'", name, prefix)
          : fmt::format("the header {} holds nothing that begins with '{}'", name, prefix));
}

Result<Instant> time_in(const Timestamp& timestamp, std::string_view text) {
  const auto wrong = denied(fmt::format("the header {} does not hold a time", timestamp.header));
  if (timestamp.format == Timestamp::Format::rfc3339) {
    const auto time = parse_time(text);
    return time ? Result<Instant>(*time) : Result<Instant>(wrong);
  }
  // Up to the year 9999, which microseconds have room for.
  constexpr std::int64_t kLast = 253'402'300'799;
  std::int64_t seconds = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (problem != std::errc() || end != text.data() + text.size() || seconds < 0 || seconds > kLast)
    return wrong;
  return Instant(std::chrono::seconds(seconds));
}

Result<> check_timestamp(const Timestamp& timestamp, std::string_view text, Instant now) {
  const auto time = time_in(timestamp, text);
  if (!time) return time.error();
  const auto age = now - *time;
  if (std::chrono::abs(age) <= timestamp.tolerance) return {};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::abs(age));
  return denied(fmt::format("the timestamp in {} is {} {}, more than {}", timestamp.header,
                            format_duration(seconds), age.count() > 0 ? "old" : "ahead of now",
                            format_duration(timestamp.tolerance)));
}

/// Where the verification's signatures are all of one length: that.
std::size_t signature_length(Scheme scheme) {
  return scheme == Scheme::ed25519 ? crypto_sign_BYTES : length_of(hash_of(scheme));
}

Result<std::vector<std::string>> given_signatures(const WebhookVerification& verification,
                                                  Headers headers) {
  const auto given =
      elements(headers, verification.header, verification.separator, verification.prefix);
  if (!given) return given.error();
  std::vector<std::string> signatures;
  if (verification.scheme == Scheme::token) return std::vector{std::string(given->front())};
  const auto length = signature_length(verification.scheme);
  for (const auto text : *given) {
    auto signature = decoded(text, verification.encoding);
    if (signature && signature->size() == length) signatures.push_back(*std::move(signature));
  }
  if (!signatures.empty()) return signatures;
  return denied(verification.encoding == Encoding::hex
                    ? fmt::format("the header {} does not hold {} hexadecimal digits",
                                  verification.header, 2 * length)
                    : fmt::format("the header {} does not hold {} bytes in base64",
                                  verification.header, length));
}

/// User and password as "user:password".
Result<std::vector<std::string>> given_login(Headers headers) {
  constexpr std::string_view kPrefix = "Basic ";
  const auto value = only_header(headers, "Authorization");
  if (!value) return value.error();
  if (equal_ignoring_case(value->substr(0, kPrefix.size()), kPrefix)) {
    if (auto login = vault::from_base64(trimmed(value->substr(kPrefix.size()))))
      return std::vector{*std::move(login)};
  }
  return denied("the header Authorization does not hold a user and a password");
}

/// The text that is signed; `body` itself where it is all of it.
std::string_view signed_text(const WebhookVerification& verification, const GivenProof& given,
                             std::string_view body, std::string& made) {
  const auto& pieces = verification.is_signed;
  if (pieces.size() == 1 && pieces.front().placeholder == Placeholder::body) return body;
  for (const auto& piece : pieces) {
    made += piece.text;
    if (piece.placeholder == Placeholder::body) made += body;
    if (piece.placeholder == Placeholder::timestamp) made += given.timestamp;
    if (piece.placeholder == Placeholder::id) made += given.id;
  }
  return made;
}

bool is_signature(const std::string& signature, std::string_view text, std::string_view key) {
  const auto bytes = [](std::string_view view) {
    return reinterpret_cast<const unsigned char*>(view.data());
  };
  return crypto_sign_verify_detached(bytes(signature), bytes(text), text.size(), bytes(key)) == 0;
}

/// Whether one of the signatures is right. Looks at each, so that the time does not tell which.
bool is_any_right(const WebhookVerification& verification, const GivenProof& given,
                  std::string_view body, std::string_view key) {
  std::string made;
  const auto text = signed_text(verification, given, body, made);
  std::string code;
  if (verification.is_hmac()) code = hmac(hash_of(verification.scheme), key, text);
  const auto expected = verification.is_hmac() ? std::string_view(code) : key;
  bool is_right = false;
  for (const auto& signature : given.signatures) {
    const bool matches = verification.scheme == Scheme::ed25519 ? is_signature(signature, text, key)
                                                                : are_equal(signature, expected);
    is_right = is_right || matches;
  }
  return is_right;
}

Error mismatch(const WebhookVerification& verification) {
  if (verification.scheme == Scheme::token)
    return denied(fmt::format("the token in {} is another", verification.header));
  if (verification.scheme == Scheme::basic) return denied("the user or the password is another");
  return denied(fmt::format(
      "the signature in {} does not match: it was made with another secret or for another body",
      verification.header));
}

}  // namespace

Result<> check_for_webhooks(const vault::Credential& credential, const Connector& connector) {
  const auto refuse = [&](std::string_view problem) {
    return Error{ErrorCode::invalid, fmt::format("credential '{}' {}", credential.name, problem),
                 ""};
  };
  if (credential.connector != connector.name) {
    return refuse(
        fmt::format("belongs to connector '{}', not '{}'", credential.connector, connector.name));
  }
  const auto* verification =
      connector.webhook ? connector.webhook->verification_by(credential.scheme) : nullptr;
  const auto type =
      verification ? verification->credential_type() : AuthScheme::Type::webhook_secret;
  if (credential.type != type) {
    return refuse(fmt::format("cannot check webhooks: it is of type {}, not {}",
                              name_of(credential.type), name_of(type)));
  }
  if (!verification) {
    return refuse(
        fmt::format("cannot check webhooks: nothing in connector '{}' is verified by '{}'",
                    connector.name, credential.scheme));
  }
  if (!VerificationKey(*verification, credential).fits())
    return refuse(
        fmt::format("cannot check webhooks: its secret is not {}", form_of(*verification)));
  return {};
}

Result<GivenProof> given_proof(const WebhookVerification& verification, Headers headers,
                               Instant now) {
  GivenProof given;
  auto signatures = verification.scheme == Scheme::basic ? given_login(headers)
                                                         : given_signatures(verification, headers);
  if (!signatures) return signatures.error();
  given.signatures = *std::move(signatures);
  if (const auto& timestamp = verification.timestamp; !timestamp.header.empty()) {
    const auto texts =
        elements(headers, timestamp.header, verification.separator, timestamp.prefix);
    if (!texts) return texts.error();
    given.timestamp = texts->front();
    if (auto checked = check_timestamp(timestamp, given.timestamp, now); !checked)
      return checked.error();
  }
  if (!verification.id_header.empty()) {
    const auto id = only_header(headers, verification.id_header);
    if (!id) return id.error();
    given.id = *id;
  }
  return given;
}

Result<> verify_webhook(const WebhookVerification& verification, Headers headers,
                        std::string_view body, const vault::Credential& credential, Instant now) {
  const auto given = given_proof(verification, headers, now);
  if (!given) return given.error();
  const VerificationKey key(verification, credential);
  if (!key.fits() || !is_any_right(verification, *given, body, key.view()))
    return mismatch(verification);
  return {};
}

Result<std::string> sign_challenge(const WebhookVerification& verification, std::string_view text,
                                   const vault::Credential& credential) {
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
  const VerificationKey key(verification, credential);
  if (!key.fits() || text.empty() || text.size() > kLongestChallenge ||
      text.find_first_not_of(kAllowed) != std::string_view::npos)
    return denied("what is asked to be signed is no challenge");
  const auto code = hmac(hash_of(verification.scheme), key.view(), text);
  return verification.encoding == Encoding::base64 ? vault::base64(code) : hex(code);
}

}  // namespace tba::connectors
