#include "daemon/storage/compression.h"

#include <random>
#include <string>

#include <catch2/catch.hpp>

using tba::ErrorCode;
using tba::storage::pack;
using tba::storage::unpack;

namespace {

std::string random_bytes(std::size_t size) {
  std::mt19937 engine(5);
  std::string bytes;
  while (bytes.size() < size) bytes += static_cast<char>(engine());
  return bytes;
}

}  // namespace

TEST_CASE("compression: whatever is packed comes back as it was") {
  for (const std::size_t size : {0, 1, 255, 256, 257, 4096, 1'000'000}) {
    CAPTURE(size);
    const std::string even(size, 'a');
    CHECK((unpack(pack(even)).value() == even));
    const auto uneven = random_bytes(size);
    CHECK((unpack(pack(uneven)).value() == uneven));
  }
}

TEST_CASE("compression: what repeats itself shrinks, what is small or random is kept as it is") {
  CHECK(pack("").empty());
  CHECK(pack("{}") == std::string("\0{}", 3));
  CHECK(pack(std::string(255, 'a')).size() == 256);
  CHECK(pack(std::string(10'000, 'a')).size() < 100);
  CHECK(pack(random_bytes(10'000)).size() == 10'001);
}

TEST_CASE("compression: damaged bytes are told, not given") {
  const auto check_damaged = [](std::string_view packed, const std::string& message) {
    const auto result = unpack(packed);
    REQUIRE(result.has_error());
    CHECK(result.error().code == ErrorCode::internal);
    CHECK(result.error().message.find(message) != std::string::npos);
  };
  check_damaged("\x07 text", "unknown codec");
  check_damaged("\x01", "no size in its frame");
  check_damaged("\x01 no frame at all", "no size in its frame");

  const auto packed = pack(std::string(1000, 'a') + std::string(1000, 'b'));
  check_damaged(packed.substr(0, packed.size() - 1), "a stored text is damaged");
  for (std::size_t i = 0; i < packed.size(); ++i) {
    auto flipped = packed;
    flipped[i] = static_cast<char>(flipped[i] ^ 0x40);
    CAPTURE(i);
    CHECK(unpack(flipped).has_error());
  }
}
