#include "daemon/vault/base64.h"

#include <sodium.h>

namespace tba::vault {

std::string base64(std::string_view bytes, Base64 alphabet) {
  const int variant = alphabet == Base64::standard ? sodium_base64_VARIANT_ORIGINAL
                                                   : sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), variant);
  text.pop_back();  // the terminating zero
  return text;
}

std::optional<std::string> from_base64(std::string_view text, Base64 alphabet) {
  while (text.ends_with('=')) text.remove_suffix(1);
  const int variant = alphabet == Base64::standard ? sodium_base64_VARIANT_ORIGINAL_NO_PADDING
                                                   : sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  const bool is_read =
      sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), "\r\n", &size, nullptr, variant) == 0;
  if (!is_read) return std::nullopt;
  bytes.resize(size);
  return bytes;
}

}  // namespace tba::vault
