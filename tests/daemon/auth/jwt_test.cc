#include "daemon/auth/jwt.h"

#include <memory>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "daemon/vault/base64.h"
#include "shared/value/json.h"
#include "tests/daemon/auth/signing_key.h"
#include "tests/support/result.h"

using Catch::Matchers::Contains;
using tba::Value;
using tba::auth::signed_jwt;
using tba::tests::curve;
using tba::tests::Key;
using tba::tests::pem;
using tba::tests::rsa;
using Algorithm = tba::OAuth2Scheme::Jwt::Algorithm;

namespace {

std::string decoded(std::string_view part) {
  return tba::vault::from_base64(part, tba::vault::Base64::url_safe).value();
}

struct Parts {
  std::string header, claims, signature, is_signed;
};

Parts parts_of(const std::string& token) {
  const auto first = token.find('.');
  const auto second = token.find('.', first + 1);
  return {decoded(token.substr(0, first)), decoded(token.substr(first + 1, second - first - 1)),
          decoded(token.substr(second + 1)), token.substr(0, second)};
}

bool verifies(const Key& key, const std::string& text, const std::string& signature) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get());
  return EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                          signature.size(), reinterpret_cast<const unsigned char*>(text.data()),
                          text.size()) == 1;
}

/// RFC 7518, section 3.4, the other way round.
std::string as_der(const std::string& pair) {
  const auto number = [&](std::size_t from) {
    return BN_bin2bn(reinterpret_cast<const unsigned char*>(pair.data()) + from, 32, nullptr);
  };
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> signature(ECDSA_SIG_new(),
                                                                        ECDSA_SIG_free);
  ECDSA_SIG_set0(signature.get(), number(0), number(32));
  unsigned char* bytes = nullptr;
  const auto size = i2d_ECDSA_SIG(signature.get(), &bytes);
  std::string der(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size));
  OPENSSL_free(bytes);
  return der;
}

Value claims() {
  return Value::object({{"iss", Value::string("me")}, {"exp", Value::integer(7)}});
}

}  // namespace

TEST_CASE("jwt: RS256 is signed so that the public key verifies it") {
  const auto key = rsa(2048);
  const auto token = signed_jwt(Algorithm::rs256, "k1", claims(), pem(key));
  REQUIRE(token);
  const auto parts = parts_of(*token);
  CHECK(parts.header == R"({"alg":"RS256","typ":"JWT","kid":"k1"})");
  CHECK(parts.claims == R"({"iss":"me","exp":7})");
  CHECK(verifies(key, parts.is_signed, parts.signature));
  CHECK_FALSE(verifies(rsa(2048), parts.is_signed, parts.signature));
  CHECK(token->find('=') == std::string::npos);
}

TEST_CASE("jwt: ES256 has both numbers of its signature in 32 bytes each") {
  const auto key = curve("P-256");
  for (int round = 0; round < 50; ++round) {  // a number with leading zeros is padded
    const auto token = signed_jwt(Algorithm::es256, "", claims(), pem(key));
    REQUIRE(token);
    const auto parts = parts_of(*token);
    CHECK(parts.header == R"({"alg":"ES256","typ":"JWT"})");
    REQUIRE(parts.signature.size() == 64);
    CHECK(verifies(key, parts.is_signed, as_der(parts.signature)));
  }
}

TEST_CASE("jwt: a key that does not fit is refused, and shown by no message") {
  const auto problem = [](Algorithm algorithm, const std::string& key) {
    const auto token = signed_jwt(algorithm, "", claims(), key);
    REQUIRE_FALSE(token);
    CHECK(token.error().code == tba::ErrorCode::invalid);
    return token.error().message;
  };
  const auto rs256 = Algorithm::rs256;
  const auto es256 = Algorithm::es256;
  CHECK(problem(rs256, "") == "the private key cannot be read");
  CHECK(problem(rs256, "s3cret") == "the private key cannot be read");
  CHECK(problem(rs256, pem(rsa(2048)).substr(0, 200)) == "the private key cannot be read");
  CHECK(problem(rs256, pem(rsa(2048), EVP_aes_128_cbc())) == "the private key cannot be read");
  CHECK(problem(rs256, pem(rsa(1024))) == "the private key has fewer than 2048 bits");
  CHECK(problem(rs256, pem(curve("P-256"))) == "the private key is none of RSA, as RS256 needs");
  CHECK(problem(es256, pem(rsa(2048))) == "the private key is none of P-256, as ES256 needs");
  CHECK(problem(es256, pem(curve("secp256k1"))) ==
        "the private key is none of P-256, as ES256 needs");
}
