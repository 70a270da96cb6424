#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace tba::connectors {

/// The hash functions (FIPS 180-4) that HMACs are made with.
enum class Hash { sha1, sha256, sha512 };

/// The length of such a hash, and of its HMACs, in bytes.
std::size_t length_of(Hash hash);

/// The HMAC (RFC 2104) of `message` as bytes. May be called from any thread.
std::string hmac(Hash hash, std::string_view key, std::string_view message);

/// HMAC-SHA256 of `message`. May be called from any thread.
std::array<std::byte, 32> hmac_sha256(std::string_view key, std::string_view message);

}  // namespace tba::connectors
