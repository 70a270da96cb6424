#include "shared/hmac_scheme.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "shared/header_name.h"

namespace tba {
namespace {

using Placeholder = HmacScheme::Placeholder;

constexpr NameTable<Placeholder, 10> kSignedPlaceholders{{{
    {Placeholder::method, "{method}"},
    {Placeholder::url, "{url}"},
    {Placeholder::host, "{host}"},
    {Placeholder::path, "{path}"},
    {Placeholder::query, "{query}"},
    {Placeholder::body, "{body}"},
    {Placeholder::body_sha256, "{body_sha256}"},
    {Placeholder::timestamp, "{timestamp}"},
    {Placeholder::nonce, "{nonce}"},
    {Placeholder::key, "{key}"},
}}};

constexpr NameTable<Placeholder, 3> kPrefixPlaceholders{{{
    {Placeholder::timestamp, "{timestamp}"},
    {Placeholder::nonce, "{nonce}"},
    {Placeholder::key, "{key}"},
}}};

/// The text of a key that must be there.
const yaml::Node* required(const Fields& fields, std::string_view key) {
  if (!fields.has(key))
    fields.node().error(fields.diagnostics(), fmt::format("an hmac needs the key '{}'", key));
  return fields.find(key);
}

/// A text that is the same each time proves nothing.
void check_says_something(const Fields& fields, const HmacScheme& scheme) {
  const auto is_literal = [](const auto& piece) { return !piece.placeholder; };
  if (!std::ranges::all_of(scheme.is_signed, is_literal)) return;
  fields.key("signed")->error(fields.diagnostics(), "what is signed says nothing of the request",
                              "put {body}, {url} or the like into it");
}

/// What the far side is to compute again must reach it.
void check_sent(const Fields& fields, const HmacScheme& scheme, Placeholder placeholder,
                const std::string& header, std::string_view name) {
  if (!holds(scheme.is_signed, placeholder) || holds(scheme.prefix, placeholder) || !header.empty())
    return;
  fields.key("signed")->error(fields.diagnostics(),
                              fmt::format("the {0} is signed, but never sent", name),
                              fmt::format("set {0}_header, or put {{{0}}} into the prefix", name));
}

}  // namespace

bool names_key(const HmacScheme& scheme) {
  return !scheme.key_header.empty() || holds(scheme.is_signed, Placeholder::key) ||
         holds(scheme.prefix, Placeholder::key);
}

HmacScheme read_hmac_scheme(const Fields& fields) {
  HmacScheme scheme;
  const auto choose = [&](std::string_view key, const auto& names, auto& value) {
    value = names.value_of(fields.text(key)).value_or(value);
  };
  choose("algorithm", kHmacAlgorithms, scheme.algorithm);
  choose("encoding", kHmacEncodings, scheme.encoding);
  choose("secret_encoding", kHmacSecretEncodings, scheme.secret_encoding);
  choose("timestamp_format", kHmacTimestampFormats, scheme.timestamp_format);
  for (const auto& [key, name] : {std::pair("timestamp_header", &scheme.timestamp_header),
                                  std::pair("nonce_header", &scheme.nonce_header),
                                  std::pair("key_header", &scheme.key_header)}) {
    *name = header_name(fields, key);
  }
  if (required(fields, "header")) scheme.header = header_name(fields, "header");

  if (const auto* prefix = fields.find("prefix")) {
    if (auto text = read_template(*prefix, kPrefixPlaceholders, fields.diagnostics()))
      scheme.prefix = *std::move(text);
  }
  const auto* is_signed = required(fields, "signed");
  if (is_signed == nullptr) return scheme;
  auto text = read_template(*is_signed, kSignedPlaceholders, fields.diagnostics());
  if (!text) return scheme;
  scheme.is_signed = *std::move(text);
  check_says_something(fields, scheme);
  check_sent(fields, scheme, Placeholder::timestamp, scheme.timestamp_header, "timestamp");
  check_sent(fields, scheme, Placeholder::nonce, scheme.nonce_header, "nonce");
  return scheme;
}

}  // namespace tba
