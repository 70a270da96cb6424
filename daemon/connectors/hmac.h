#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace tba::connectors {

/// HMAC-SHA256 (RFC 2104 with FIPS 180-4) of `message`. May be called from any thread.
std::array<std::byte, 32> hmac_sha256(std::string_view key, std::string_view message);

}  // namespace tba::connectors
