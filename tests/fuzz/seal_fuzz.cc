// Opens arbitrary bytes as a sealed credential, and reads them as its plain fields. The corpus
// holds a row that does open with the key and the columns below.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "daemon/vault/sealing.h"

namespace {

using tba::vault::MasterKey;
using tba::vault::Secret;

constexpr std::size_t kWrappedKeyBytes = 1 + 16 + 24 + 32 + 16;

void unseal(std::string_view bytes) {
  static const MasterKey key(Secret(std::string(32, 'k')));
  tba::storage::Credential row;
  row.id = *tba::CredentialId::parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  row.name = "clan";
  row.connector = "github";
  row.scheme = "token";
  row.base_url = "https://github.example.com/api/v3";
  row.version = 3;
  const auto cut = std::min(bytes.size(), kWrappedKeyBytes);
  row.wrapped_key = bytes.substr(0, cut);
  row.sealed = bytes.substr(cut);
  const auto fields = tba::vault::unseal(row, key);
  if (!fields && fields.error().message.empty()) std::abort();
}

void decode(std::string_view bytes) {
  const auto fields = tba::vault::decode_fields(bytes);
  // There is one way only to write the same fields.
  if (fields && tba::vault::encode_fields(*fields).view() != bytes) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  unseal(bytes);
  decode(bytes);
  return 0;
}
