#include "daemon/auth/jwt.h"

#include <memory>
#include <new>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "daemon/vault/base64.h"
#include "shared/value/json.h"

namespace tba::auth {
namespace {

using Algorithm = OAuth2Scheme::Jwt::Algorithm;

template <auto free>
struct Free {
  void operator()(auto* object) const { free(object); }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Digest = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using Source = std::unique_ptr<BIO, Free<BIO_free_all>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;

constexpr int kFewestRsaBits = 2048;
constexpr int kP256Bits = 256;
constexpr int kP256Bytes = 32;

Error invalid(std::string message, std::string hint = {}) {
  ERR_clear_error();
  return {ErrorCode::invalid, std::move(message), std::move(hint)};
}

std::string encoded(std::string_view bytes) {
  return vault::base64(bytes, vault::Base64::url_safe);
}

Result<Key> read_key(std::string_view pem) {
  const Source source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (!source) throw std::bad_alloc();
  // Without this a sealed key would be asked for on the terminal.
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  Key key(PEM_read_bio_PrivateKey(source.get(), nullptr, no_passphrase, nullptr));
  if (key) return key;
  return invalid("the private key cannot be read",
                 "it is a text in PEM, from -----BEGIN PRIVATE KEY----- on, without a passphrase");
}

Result<> check(const Key& key, Algorithm algorithm) {
  const auto type = EVP_PKEY_get_base_id(key.get());
  const auto bits = EVP_PKEY_get_bits(key.get());
  if (algorithm == Algorithm::rs256) {
    if (type != EVP_PKEY_RSA) return invalid("the private key is none of RSA, as RS256 needs");
    if (bits < kFewestRsaBits) return invalid("the private key has fewer than 2048 bits");
    return {};
  }
  char curve[32] = {};
  const bool is_p256 = type == EVP_PKEY_EC && bits == kP256Bits &&
                       EVP_PKEY_get_group_name(key.get(), curve, sizeof curve, nullptr) == 1 &&
                       std::string_view(curve) == "prime256v1";
  return is_p256 ? Result<>() : invalid("the private key is none of P-256, as ES256 needs");
}

std::string signature_of(const Key& key, std::string_view text) {
  const Digest digest(EVP_MD_CTX_new());
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  if (!digest || EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(digest.get(), nullptr, &size, bytes, text.size()) != 1) {
    return {};
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(digest.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                     text.size()) != 1) {
    return {};
  }
  signature.resize(size);
  return signature;
}

/// RFC 7518, section 3.4: both numbers in 32 bytes each, instead of in DER.
std::string as_pair(std::string_view der) {
  const auto* begin = reinterpret_cast<const unsigned char*>(der.data());
  const EcdsaSignature parts(d2i_ECDSA_SIG(nullptr, &begin, static_cast<long>(der.size())));
  if (!parts) return {};
  std::string pair(std::size_t{2} * kP256Bytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(pair.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), out, kP256Bytes);
  BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), out + kP256Bytes, kP256Bytes);
  return pair;
}

}  // namespace

Result<std::string> signed_jwt(Algorithm algorithm, std::string_view key_id, const Value& claims,
                               std::string_view private_key) {
  const auto key = read_key(private_key);
  if (!key) return key.error();
  if (auto fits = check(*key, algorithm); !fits) return fits.error();
  ObjectBuilder header;
  header.put("alg", Value::string(algorithm == Algorithm::rs256 ? "RS256" : "ES256"));
  header.put("typ", Value::string("JWT"));
  if (!key_id.empty()) header.put("kid", Value::string(key_id));
  auto token = encoded(to_json(std::move(header).build())) + "." + encoded(to_json(claims));
  auto signature = signature_of(*key, token);
  if (algorithm == Algorithm::es256) signature = as_pair(signature);
  if (signature.empty()) return invalid("the private key cannot sign");
  return token + "." + encoded(signature);
}

}  // namespace tba::auth
