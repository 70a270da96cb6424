#include "daemon/connectors/signing/hmac_signature.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "daemon/connectors/digest.h"
#include "daemon/connectors/hmac.h"
#include "daemon/vault/base64.h"
#include "shared/time_format.h"
#include "tests/support/result.h"

using tba::HmacScheme;
using tba::connectors::Hash;
using tba::connectors::hex;
using tba::connectors::hmac;
using tba::connectors::sign_hmac;
using tba::net::HttpRequest;
using Placeholder = HmacScheme::Placeholder;

namespace {

const auto kNow = tba::parse_time("2026-11-23T09:00:00.5Z").value();

HmacScheme scheme_of(tba::TextTemplate<Placeholder> is_signed) {
  HmacScheme scheme;
  scheme.is_signed = std::move(is_signed);
  scheme.header = "X-Signature";
  return scheme;
}

HttpRequest request() {
  return {.method = "POST",
          .url = "https://API.example:8443/a%20b?c=d&e",
          .headers = {{"x-signature", "somebody else's"}},
          .body = "{\"f\":1}"};
}

std::string header(const HttpRequest& sent, std::string_view name) {
  const auto found =
      std::ranges::find(sent.headers, name, &tba::net::HeaderFields::value_type::first);
  return found == sent.headers.end() ? "none" : found->second;
}

}  // namespace

TEST_CASE("hmac signature: signs what the template makes of the request") {
  const std::vector<std::pair<Placeholder, std::string>> kValues{
      {Placeholder::method, "POST"},
      {Placeholder::url, "https://API.example:8443/a%20b?c=d&e"},
      {Placeholder::host, "API.example:8443"},
      {Placeholder::path, "/a%20b"},
      {Placeholder::query, "c=d&e"},
      {Placeholder::body, "{\"f\":1}"},
      {Placeholder::body_sha256,
       "fcc1504e92491760b7ff43d07fe7d83ff26bce5b12762333019a14a8907afbdc"},
      {Placeholder::timestamp, "1795424400"},
      {Placeholder::nonce, "n1"},
      {Placeholder::key, "k1"},
  };
  for (const auto& [placeholder, value] : kValues) {
    auto sent = request();
    REQUIRE(sign_hmac(sent, scheme_of({{std::nullopt, "v1:"}, {placeholder}}), {"k1", "s1"}, kNow,
                      "n1"));
    INFO(value);
    CHECK(header(sent, "X-Signature") == hex(hmac(Hash::sha256, "s1", "v1:" + value)));
    CHECK(header(sent, "x-signature") == "none");
  }
}

TEST_CASE("hmac signature: algorithm, encoding, prefix and further headers are the scheme's") {
  auto scheme = scheme_of({{Placeholder::body}});
  scheme.algorithm = HmacScheme::Algorithm::sha512;
  scheme.encoding = HmacScheme::Encoding::base64;
  scheme.prefix = {{std::nullopt, "Signed "}, {Placeholder::key}, {std::nullopt, ":"}};
  scheme.key_header = "X-Key";
  scheme.nonce_header = "X-Nonce";
  scheme.timestamp_header = "X-Time";
  scheme.timestamp_format = HmacScheme::TimestampFormat::unix_milliseconds;
  auto sent = request();
  REQUIRE(sign_hmac(sent, scheme, {"k1", "s1"}, kNow, "n1"));
  CHECK(header(sent, "X-Signature") ==
        "Signed k1:" + tba::vault::base64(hmac(Hash::sha512, "s1", sent.body)));
  CHECK(header(sent, "X-Key") == "k1");
  CHECK(header(sent, "X-Nonce") == "n1");
  CHECK(header(sent, "X-Time") == "1795424400500");

  scheme.timestamp_format = HmacScheme::TimestampFormat::rfc3339;
  scheme.algorithm = HmacScheme::Algorithm::sha1;
  scheme.prefix = {};
  REQUIRE(sign_hmac(sent, scheme, {"k1", "s1"}, kNow, "n2"));
  CHECK(header(sent, "X-Time") == "2026-11-23T09:00:00.500Z");
  CHECK(header(sent, "X-Signature") == tba::vault::base64(hmac(Hash::sha1, "s1", sent.body)));
}

TEST_CASE("hmac signature: the secret is decoded as the scheme says, or refused") {
  auto scheme = scheme_of({{Placeholder::body}});
  scheme.secret_encoding = HmacScheme::SecretEncoding::base64;
  auto sent = request();
  REQUIRE(sign_hmac(sent, scheme, {"k1", "AAEC"}, kNow, ""));
  const auto signature = hex(hmac(Hash::sha256, std::string("\0\1\2", 3), sent.body));
  CHECK(header(sent, "X-Signature") == signature);
  scheme.secret_encoding = HmacScheme::SecretEncoding::hex;
  REQUIRE(sign_hmac(sent, scheme, {"k1", "000102"}, kNow, ""));
  CHECK(header(sent, "X-Signature") == signature);

  const auto wrong = sign_hmac(sent, scheme, {"k1", "not hexadecimal"}, kNow, "");
  REQUIRE(wrong.has_error());
  CHECK(wrong.error().code == tba::ErrorCode::invalid);
  CHECK(wrong.error().message == "the secret that requests are signed with is not written in hex");
}
