#include "daemon/vault/sealing.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>

#include <fmt/format.h>
#include <sodium.h>

namespace tba::vault {
namespace {

constexpr std::size_t kKey = crypto_aead_xchacha20poly1305_ietf_KEYBYTES;
constexpr std::size_t kNonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTag = crypto_aead_xchacha20poly1305_ietf_ABYTES;

constexpr std::string_view kKeyPurpose = "tba credential key";
constexpr std::string_view kFieldsPurpose = "tba credential fields";

const unsigned char* unsigned_bytes(const void* bytes) {
  return static_cast<const unsigned char*>(bytes);
}

template <class Number>
std::string_view little_endian(Number number, std::string& buffer) {
  buffer.clear();
  for (std::size_t i = 0; i < sizeof number; ++i) {
    buffer += static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i));
  }
  return buffer;
}

std::string associated_data(std::string_view purpose, const storage::Credential& row) {
  std::string data;
  std::string buffer;
  const auto put = [&](std::string_view part) {
    data += little_endian(static_cast<std::uint32_t>(part.size()), buffer);
    data += part;
  };
  put(purpose);
  put(std::string_view(reinterpret_cast<const char*>(&kSealFormat), 1));
  put({reinterpret_cast<const char*>(row.id.bytes.data()), row.id.bytes.size()});
  put(row.name);
  std::string version;
  put(little_endian(row.version, version));
  put(row.connector);
  put(row.scheme);
  put(row.base_url);
  return data;
}

/// Appends nonce, encrypted text and tag.
void append_encrypted(std::string& out, const Secret& plain, std::string_view data,
                      const Secret& key, Random& random) {
  std::string nonce(kNonce, '\0');
  random.fill(std::as_writable_bytes(std::span(nonce)));
  out += nonce;
  const auto begin = out.size();
  out.resize(begin + plain.size() + kTag);
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      reinterpret_cast<unsigned char*>(out.data()) + begin, nullptr,
      unsigned_bytes(plain.bytes().data()), plain.size(), unsigned_bytes(data.data()), data.size(),
      nullptr, unsigned_bytes(nonce.data()), unsigned_bytes(key.bytes().data()));
}

/// Reads what append_encrypted() wrote; nothing where it is not authentic.
std::optional<Secret> decrypted(std::string_view sealed, std::string_view data, const Secret& key) {
  if (sealed.size() < kNonce + kTag) return std::nullopt;
  const auto nonce = sealed.substr(0, kNonce);
  const auto text = sealed.substr(kNonce);
  bool authentic = false;
  auto plain = Secret::filled(text.size() - kTag, [&](auto bytes) {
    authentic =
        crypto_aead_xchacha20poly1305_ietf_decrypt(
            reinterpret_cast<unsigned char*>(bytes.data()), nullptr, nullptr,
            unsigned_bytes(text.data()), text.size(), unsigned_bytes(data.data()), data.size(),
            unsigned_bytes(nonce.data()), unsigned_bytes(key.bytes().data())) == 0;
  });
  if (!authentic) return std::nullopt;
  return plain;
}

/// Whether both columns begin with the format byte that this version writes.
bool has_known_format(const storage::Credential& row) {
  return !row.wrapped_key.empty() && !row.sealed.empty() &&
         static_cast<unsigned char>(row.wrapped_key.front()) == kSealFormat &&
         static_cast<unsigned char>(row.sealed.front()) == kSealFormat;
}

Error damaged() {
  return {ErrorCode::invalid,
          "the stored credential is damaged, or is not what was sealed under this name",
          "set it anew, or restore the store from a backup"};
}

}  // namespace

void seal(storage::Credential& row, const Fields& fields, const MasterKey& key, Random& random) {
  const auto data_key = Secret::filled(kKey, [&](auto bytes) { random.fill(bytes); });

  row.wrapped_key.assign(1, static_cast<char>(kSealFormat));
  row.wrapped_key.append(reinterpret_cast<const char*>(key.id().data()), key.id().size());
  append_encrypted(row.wrapped_key, data_key, associated_data(kKeyPurpose, row), key.wrapping_key(),
                   random);

  row.sealed.assign(1, static_cast<char>(kSealFormat));
  append_encrypted(row.sealed, encode_fields(fields), associated_data(kFieldsPurpose, row),
                   data_key, random);
}

Result<Fields> unseal(const storage::Credential& row, const MasterKey& key) {
  if (row.wrapped_key.empty() || row.sealed.empty()) return damaged();
  if (!has_known_format(row)) {
    return Error{
        ErrorCode::invalid,
        "the stored credential is damaged, or was sealed by a newer version of tba-integrate",
        "set it anew, or use the newer version"};
  }
  const auto id = sealed_with(row);
  if (!id) return damaged();
  if (*id != key.id()) {
    return Error{
        ErrorCode::invalid,
        fmt::format("the credential is sealed with another master key ({}; this one is {})",
                    short_text(*id), short_text(key.id())),
        "restore the key file that it was set with, or set it anew"};
  }
  const auto data_key = decrypted(std::string_view(row.wrapped_key).substr(1 + MasterKey::kIdBytes),
                                  associated_data(kKeyPurpose, row), key.wrapping_key());
  if (!data_key || data_key->size() != kKey) return damaged();
  const auto plain = decrypted(std::string_view(row.sealed).substr(1),
                               associated_data(kFieldsPurpose, row), *data_key);
  if (!plain) return damaged();
  auto fields = decode_fields(plain->view());
  if (!fields) return damaged();
  return std::move(*fields);
}

std::optional<MasterKey::Id> sealed_with(const storage::Credential& row) {
  if (!has_known_format(row) || row.wrapped_key.size() < 1 + MasterKey::kIdBytes) {
    return std::nullopt;
  }
  MasterKey::Id id{};
  std::ranges::transform(std::string_view(row.wrapped_key).substr(1, id.size()), id.begin(),
                         [](char c) { return static_cast<std::byte>(c); });
  return id;
}

Secret encode_fields(const Fields& fields) {
  std::size_t size = 0;
  for (const auto& [name, value] : fields) size += 1 + name.size() + 4 + value.size();
  return Secret::filled(size, [&](std::span<std::byte> bytes) {
    auto out = bytes.begin();
    const auto put = [&](std::string_view text) {
      out = std::ranges::transform(text, out, [](char c) { return static_cast<std::byte>(c); }).out;
    };
    std::string buffer;
    for (const auto& [name, value] : fields) {
      put(little_endian(static_cast<std::uint8_t>(name.size()), buffer));
      put(name);
      put(little_endian(static_cast<std::uint32_t>(value.size()), buffer));
      put(value.view());
    }
  });
}

std::optional<Fields> decode_fields(std::string_view bytes) {
  Fields fields;
  const auto take = [&](std::size_t size) -> std::optional<std::string_view> {
    if (bytes.size() < size) return std::nullopt;
    const auto part = bytes.substr(0, size);
    bytes.remove_prefix(size);
    return part;
  };
  const auto take_text = [&](std::size_t length_bytes) -> std::optional<std::string_view> {
    const auto length = take(length_bytes);
    if (!length) return std::nullopt;
    std::size_t size = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) {
      size |= std::size_t{static_cast<unsigned char>((*length)[i])} << (8 * i);
    }
    return take(size);
  };
  while (!bytes.empty()) {
    const auto name = take_text(1);
    if (!name) return std::nullopt;
    const auto value = take_text(4);
    if (!value) return std::nullopt;
    if (!fields.empty() && fields.rbegin()->first >= *name) return std::nullopt;
    fields.emplace_hint(fields.end(), *name, Secret(*value));
  }
  return fields;
}

}  // namespace tba::vault
