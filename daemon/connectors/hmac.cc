#include "daemon/connectors/hmac.h"

#include <new>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace tba::connectors {
namespace {

const EVP_MD* digest(Hash hash) {
  switch (hash) {
    case Hash::sha1:
      return EVP_sha1();
    case Hash::sha512:
      return EVP_sha512();
    case Hash::sha256:
      break;
  }
  return EVP_sha256();
}

// OpenSSL, not libsodium, because it uses the processor's SHA instructions: 1.6 µs against 3.0 µs
// for a body of 1 kB, 7 µs against 28 µs for one of 11.6 kB (Debian 12, one core), and every
// delivery is signed. The longer functions of EVP_MAC save no more than 0.4 µs of it.
void write_hmac(Hash hash, std::string_view key, std::string_view message, unsigned char* code) {
  if (!HMAC(digest(hash), key.data(), static_cast<int>(key.size()),
            reinterpret_cast<const unsigned char*>(message.data()), message.size(), code,
            nullptr)) {
    throw std::bad_alloc();  // the only way it fails
  }
}

}  // namespace

std::size_t length_of(Hash hash) {
  return static_cast<std::size_t>(EVP_MD_get_size(digest(hash)));
}

std::string hmac(Hash hash, std::string_view key, std::string_view message) {
  std::string code(length_of(hash), '\0');
  write_hmac(hash, key, message, reinterpret_cast<unsigned char*>(code.data()));
  return code;
}

std::array<std::byte, 32> hmac_sha256(std::string_view key, std::string_view message) {
  std::array<std::byte, 32> code{};
  write_hmac(Hash::sha256, key, message, reinterpret_cast<unsigned char*>(code.data()));
  return code;
}

}  // namespace tba::connectors
