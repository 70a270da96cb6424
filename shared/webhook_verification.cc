#include "shared/webhook_verification.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "shared/header_name.h"
#include "shared/name_table.h"

namespace tba {
namespace {

using Scheme = WebhookVerification::Scheme;
using Encoding = WebhookVerification::Encoding;
using Placeholder = WebhookVerification::Placeholder;
using Timestamp = WebhookVerification::Timestamp;

constexpr std::chrono::minutes kTolerance{5};

constexpr NameTable<Scheme, 6> kSchemes{{{
    {Scheme::hmac_sha256, "hmac_sha256"},
    {Scheme::hmac_sha1, "hmac_sha1"},
    {Scheme::hmac_sha512, "hmac_sha512"},
    {Scheme::ed25519, "ed25519"},
    {Scheme::token, "token"},
    {Scheme::basic, "basic"},
}}};
constexpr auto kSchemeNames = kSchemes.names();

constexpr NameTable<Encoding, 3> kEncodings{{{
    {Encoding::text, "text"},
    {Encoding::hex, "hex"},
    {Encoding::base64, "base64"},
}}};
constexpr auto kSecretEncodings = kEncodings.names();
constexpr std::array kSignatureEncodings{kSecretEncodings[1], kSecretEncodings[2]};

constexpr NameTable<Timestamp::Format, 2> kFormats{{{
    {Timestamp::Format::unix_seconds, "unix"},
    {Timestamp::Format::rfc3339, "rfc3339"},
}}};
constexpr auto kFormatNames = kFormats.names();

constexpr NameTable<Placeholder, 3> kPlaceholders{{{
    {Placeholder::body, "{body}"},
    {Placeholder::timestamp, "{timestamp}"},
    {Placeholder::id, "{id}"},
}}};

constexpr std::array kTimestampKeys{
    Key{.name = "header", .is_required = true, .description = "the header that holds it"},
    Key{.name = "prefix", .description = "what the element of the header begins with"},
    Key{.name = "format",
        .type = KeyType::choice,
        .description = "unix: seconds since 1970 (if not given)",
        .choices = kFormatNames},
    Key{.name = "tolerance",
        .type = KeyType::duration,
        .description = "how far it may be from now, before or after; 5m if not given"},
};
constexpr KeyTable kTimestampTable{"timestamp", "the timestamp", kTimestampKeys};

constexpr std::array kSecretKeys{
    Key{.name = "prefix", .description = "what of the secret is no part of the key"},
    Key{.name = "encoding",
        .type = KeyType::choice,
        .description = "what the secret is of the key; text if not given, hex for ed25519",
        .choices = kSecretEncodings},
};
constexpr KeyTable kSecretTable{"webhook_secret", "the secret", kSecretKeys};

constexpr std::array kVerifyKeys{
    Key{.name = "scheme",
        .type = KeyType::choice,
        .is_required = true,
        .description = "what the header holds: an HMAC, an Ed25519 signature, the secret itself, "
                       "or user and password",
        .choices = kSchemeNames},
    Key{.name = "auth",
        .type = KeyType::name,
        .description = "the auth scheme whose credentials it is for; any if not given"},
    Key{.name = "header", .description = "the header of the signature or the token"},
    Key{.name = "separator", .description = "what stands between the elements of the header"},
    Key{.name = "prefix",
        .description = "what stands before the signature; elements without it are none"},
    Key{.name = "encoding",
        .type = KeyType::choice,
        .description = "how the signature is written; hex if not given",
        .choices = kSignatureEncodings},
    Key{.name = "signed",
        .description = "the text that is signed, with {body}, {timestamp} and {id} in it; {body} "
                       "if not given"},
    Key{.name = "id", .description = "the header that {id} stands for"},
    Key{.name = "timestamp",
        .type = KeyType::table,
        .description = "where {timestamp} is, and how old it may be",
        .table = &kTimestampTable},
    Key{.name = "secret",
        .type = KeyType::table,
        .description = "how the credential's secret becomes the key",
        .table = &kSecretTable},
};

/// The keys that a scheme has no use for.
struct Useless {
  Scheme scheme;
  std::array<std::string_view, 8> keys;  ///< Empty at the end.
};
constexpr std::array kUseless{
    Useless{Scheme::token, {"separator", "encoding", "signed", "id", "timestamp", "secret"}},
    Useless{Scheme::basic,
            {"header", "separator", "prefix", "encoding", "signed", "id", "timestamp", "secret"}},
};

class VerificationReader {
 public:
  VerificationReader(const Fields& fields, std::span<const AuthScheme> auth)
      : fields_(fields), auth_(auth) {}

  WebhookVerification read() {
    made_.scheme = kSchemes.value_of(fields_.text("scheme")).value_or(Scheme::hmac_sha256);
    refuse_useless();
    if (made_.scheme == Scheme::basic) {
      made_.header = "Authorization";
    } else if (!fields_.has("header")) {
      fields_.node().error(diagnostics(), "the verification needs the key 'header'");
    } else {
      made_.header = header_name(fields_, "header");
    }
    made_.separator = fields_.text("separator");
    made_.prefix = fields_.text("prefix");
    made_.encoding = kEncodings.value_of(fields_.text("encoding")).value_or(Encoding::hex);
    if (fields_.has("id")) made_.id_header = header_name(fields_, "id");
    if (const auto* timestamp = fields_.find("timestamp")) read_timestamp(*timestamp);
    read_secret();
    if (const auto* text = fields_.find("signed")) read_signed(*text);
    check_signed("timestamp", Placeholder::timestamp);
    check_signed("id", Placeholder::id);
    read_auth();
    return std::move(made_);
  }

 private:
  Diagnostics& diagnostics() const { return fields_.diagnostics(); }

  void refuse_useless() {
    for (const auto& [scheme, keys] : kUseless) {
      if (scheme != made_.scheme) continue;
      for (const auto key : keys) {
        if (const auto* found = key.empty() ? nullptr : fields_.key(key))
          found->error(diagnostics(), fmt::format("'{}' makes no sense with the scheme {}", key,
                                                  kSchemes.name_of(scheme)));
      }
    }
  }

  void read_timestamp(const yaml::Node& node) {
    const Fields keys(node, kTimestampTable, diagnostics());
    made_.timestamp.header = header_name(keys, "header");
    made_.timestamp.prefix = keys.text("prefix");
    made_.timestamp.format =
        kFormats.value_of(keys.text("format")).value_or(Timestamp::Format::unix_seconds);
    made_.timestamp.tolerance = keys.duration("tolerance").value_or(kTolerance);
  }

  void read_secret() {
    made_.secret.encoding = made_.scheme == Scheme::ed25519 ? Encoding::hex : Encoding::text;
    const auto* node = fields_.find("secret");
    if (node == nullptr) return;
    const Fields keys(*node, kSecretTable, diagnostics());
    made_.secret.prefix = keys.text("prefix");
    made_.secret.encoding =
        kEncodings.value_of(keys.text("encoding")).value_or(made_.secret.encoding);
  }

  void read_signed(const yaml::Node& node) {
    auto text = read_template(node, kPlaceholders, diagnostics());
    if (!text) return;
    if (!holds(*text, Placeholder::body))
      node.error(diagnostics(), "a signature without {body} says nothing of the delivery");
    made_.is_signed = *std::move(text);
  }

  /// What is signed must be found, and what is found must be signed: it proves nothing otherwise.
  void check_signed(std::string_view key, Placeholder placeholder) {
    if (holds(made_.is_signed, placeholder) == fields_.has(key)) return;
    if (fields_.has(key)) {
      fields_.key(key)->error(diagnostics(),
                              fmt::format("'{}' is not signed: `signed` has no {{{}}}", key, key));
    } else {
      fields_.key("signed")->error(
          diagnostics(), fmt::format("the key '{}' is missing: what {{{}}} stands for", key, key));
    }
  }

  void read_auth() {
    const auto* node = fields_.find("auth");
    if (node == nullptr) return;
    made_.auth = node->text;
    const auto scheme = std::ranges::find(auth_, made_.auth, &AuthScheme::name);
    if (scheme == auth_.end()) {
      node->error(diagnostics(), fmt::format("there is no auth scheme '{}'", made_.auth));
    } else if (scheme->type != made_.credential_type()) {
      node->error(diagnostics(),
                  fmt::format("the auth scheme '{}' is of type {}, not {}", made_.auth,
                              name_of(scheme->type), name_of(made_.credential_type())));
    }
  }

  const Fields& fields_;
  std::span<const AuthScheme> auth_;
  WebhookVerification made_;
};

}  // namespace

constinit const KeyTable kVerifyTable{"verify", "the verification", kVerifyKeys};

std::string_view name_of(WebhookVerification::Scheme scheme) {
  return kSchemes.name_of(scheme);
}

std::vector<WebhookVerification> read_verifications(const std::vector<const yaml::Node*>& nodes,
                                                    std::span<const AuthScheme> auth,
                                                    Diagnostics& diagnostics) {
  std::vector<WebhookVerification> all;
  for (const auto* node : nodes) {
    auto made = VerificationReader(Fields(*node, kVerifyTable, diagnostics), auth).read();
    if (nodes.size() > 1 && made.auth.empty()) {
      node->error(diagnostics, "one of several verifications needs the key 'auth'",
                  "the credential's auth scheme says which of them is meant");
    } else if (std::ranges::find(all, made.auth, &WebhookVerification::auth) != all.end()) {
      node->error(diagnostics,
                  fmt::format("the auth scheme '{}' has a verification already", made.auth));
    }
    all.push_back(std::move(made));
  }
  return all;
}

}  // namespace tba
