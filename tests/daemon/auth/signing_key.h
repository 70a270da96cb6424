#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace tba::tests {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

inline Key rsa(unsigned bits) {
  return {EVP_RSA_gen(bits), EVP_PKEY_free};
}

inline Key curve(const char* name) {
  return {EVP_EC_gen(name), EVP_PKEY_free};
}

/// The key in PEM; with a cipher, under a passphrase.
inline std::string pem(const Key& key, const EVP_CIPHER* cipher = nullptr) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
  std::string passphrase = "passphrase";
  PEM_write_bio_PrivateKey(bio.get(), key.get(), cipher,
                           reinterpret_cast<unsigned char*>(passphrase.data()),
                           cipher ? static_cast<int>(passphrase.size()) : 0, nullptr, nullptr);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

}  // namespace tba::tests
