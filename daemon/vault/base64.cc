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

}  // namespace tba::vault
