#include "shared/hmac_scheme.h"

#include <memory>

#include <catch2/catch.hpp>

#include "shared/yaml_reader.h"

using tba::HmacScheme;
using Placeholder = HmacScheme::Placeholder;

namespace {

constexpr auto kKeys = [] {
  std::array<tba::Key, tba::kHmacKeys.size() + 1> keys{};
  std::ranges::copy(tba::kHmacKeys, keys.begin());
  keys.back() = tba::Key{.name = "prefix", .description = ""};
  return keys;
}();
constexpr tba::KeyTable kTable{"auth", "an auth scheme", kKeys};

struct Read {
  explicit Read(std::string text)
      : root(tba::yaml::read(std::make_shared<const tba::SourceFile>("a.yaml", std::move(text)),
                             diagnostics)),
        scheme(tba::read_hmac_scheme(tba::Fields(*root, kTable, diagnostics))) {}

  std::string problems() const {
    std::string all;
    for (const auto& item : diagnostics.items()) all += item.message + "; " + item.hint + "\n";
    return all;
  }

  tba::Diagnostics diagnostics;
  std::shared_ptr<const tba::yaml::Node> root;
  HmacScheme scheme;
};

}  // namespace

TEST_CASE("hmac scheme: what is not said has its default") {
  const Read read("{ header: X-Signature, signed: '{method} {path}' }");
  CHECK(read.problems().empty());
  CHECK(read.scheme.algorithm == HmacScheme::Algorithm::sha256);
  CHECK(read.scheme.encoding == HmacScheme::Encoding::hex);
  CHECK(read.scheme.secret_encoding == HmacScheme::SecretEncoding::text);
  CHECK(read.scheme.is_signed == tba::TextTemplate<Placeholder>{{Placeholder::method},
                                                                {std::nullopt, " "},
                                                                {Placeholder::path}});
  CHECK(read.scheme.prefix.empty());
  CHECK(read.scheme.timestamp_header.empty());
}

TEST_CASE("hmac scheme: all that can be said is read") {
  const Read read(
      "algorithm: sha512\nencoding: base64\nsecret_encoding: base64\nheader: Authorization\n"
      "prefix: 'APP {key}:'\nsigned: '{timestamp}{nonce}{body}'\ntimestamp_header: X-Time\n"
      "timestamp_format: unix_ms\nnonce_header: X-Nonce\nkey_header: X-Key\n");
  CHECK(read.problems().empty());
  CHECK(read.scheme.algorithm == HmacScheme::Algorithm::sha512);
  CHECK(read.scheme.encoding == HmacScheme::Encoding::base64);
  CHECK(read.scheme.secret_encoding == HmacScheme::SecretEncoding::base64);
  CHECK(read.scheme.prefix.size() == 3);
  CHECK(read.scheme.timestamp_format == HmacScheme::TimestampFormat::unix_milliseconds);
  CHECK(read.scheme.key_header == "X-Key");
}

TEST_CASE("hmac scheme: what the far side cannot check is an error") {
  CHECK(Read("{ header: X }").problems() == "an hmac needs the key 'signed'; \n");
  CHECK(Read("{ signed: '{body}' }").problems() == "an hmac needs the key 'header'; \n");
  CHECK(Read("{ header: 'X Y', signed: '{body}' }").problems() ==
        "'X Y' is not the name of a header; \n");
  CHECK(Read("{ header: X, signed: '{timestamp}{nonce}' }").problems() ==
        "the timestamp is signed, but never sent; set timestamp_header, or put {timestamp} into "
        "the prefix\n"
        "the nonce is signed, but never sent; set nonce_header, or put {nonce} into the prefix\n");
  CHECK(Read("{ header: X, prefix: '{timestamp}.', signed: '{timestamp}' }").problems().empty());
  CHECK(Read("{ header: X, signed: constant }").problems() ==
        "what is signed says nothing of the request; put {body}, {url} or the like into it\n");
}

TEST_CASE("hmac scheme: a name in braces that is none has a suggestion") {
  CHECK(Read("{ header: X, signed: '{methd}{body}' }").problems() ==
        "nothing is called '{methd}' here (did you mean '{method}'?); there are {method}, {url}, "
        "{host}, {path}, {query}, {body}, {body_sha256}, {timestamp}, {nonce}, {key}\n");
  CHECK(Read("{ header: X, prefix: '{body}', signed: '{body}' }").problems() ==
        "nothing is called '{body}' here; there are {timestamp}, {nonce}, {key}\n");
  CHECK(Read("{ header: X, signed: 'a{body' }")
            .problems()
            .starts_with("nothing is called '{body' here (did you mean '{body}'?)"));
}
