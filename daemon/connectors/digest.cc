#include "daemon/connectors/digest.h"

#include <array>
#include <new>

#include <openssl/evp.h>
#include <sodium.h>

namespace tba::connectors {

std::string hex(std::string_view bytes) {
  std::string digits(2 * bytes.size() + 1, '\0');
  sodium_bin2hex(digits.data(), digits.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                 bytes.size());
  digits.pop_back();  // the NUL
  return digits;
}

std::optional<std::string> from_hex(std::string_view digits) {
  std::string bytes(digits.size() / 2, '\0');
  std::size_t size = 0;
  const bool is_read = sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(),
                                      digits.data(), digits.size(), nullptr, &size, nullptr) == 0;
  if (!is_read || 2 * size != digits.size()) return std::nullopt;
  return bytes;
}

std::string sha256_hex(std::string_view text) {
  std::array<char, 32> hash;
  // It fails only where there is no memory.
  if (EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(hash.data()), nullptr,
                 EVP_sha256(), nullptr) != 1)
    throw std::bad_alloc();
  return hex({hash.data(), hash.size()});
}

}  // namespace tba::connectors
