#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace tba {

/// A source of random bytes. A seam: tests give a seeded one. Implementations may be called from
/// any thread.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> bytes) = 0;

  /// A uniformly distributed 64-bit number.
  std::uint64_t next() {
    std::uint64_t number = 0;
    fill(std::as_writable_bytes(std::span(&number, 1)));
    return number;
  }
};

/// The system's cryptographic generator, through libsodium.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> bytes) override;
};

}  // namespace tba
