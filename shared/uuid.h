#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "shared/clock.h"
#include "shared/random.h"

namespace tba {

/// A universally unique identifier (RFC 9562), 16 bytes, big-endian as in its text.
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Uuid&) const = default;

  /// The 36-character lower-case text: "01932c07-209c-7b6e-9f4c-0123456789ab".
  std::string text() const;

  /// Reads the 36-character text, in either case; nothing else is accepted.
  static std::optional<Uuid> parse(std::string_view text);
};

/// A Uuid of one kind of thing, so that a run's id cannot be given where a delivery's is meant.
template <class Tag>
struct Id : Uuid {
  static std::optional<Id> parse(std::string_view text) {
    const auto uuid = Uuid::parse(text);
    return uuid ? std::optional(Id{*uuid}) : std::nullopt;
  }
};

using RunId = Id<struct RunTag>;
using DeliveryId = Id<struct DeliveryTag>;
using CredentialId = Id<struct CredentialTag>;
using EventId = Id<struct EventTag>;
using SignalId = Id<struct SignalTag>;

/// Makes version 7 identifiers (RFC 9562 section 5.7): 48 bits of Unix milliseconds, then a counter
/// that keeps those made within one millisecond, or while the clock stands still or runs back, in
/// order (section 6.2, method 1), then random bits. Safe to call from any thread.
class UuidGenerator {
 public:
  /// Both must outlive the generator.
  UuidGenerator(const Clock& clock, Random& random) : clock_(clock), random_(random) {}

  template <class AnyId>
  AnyId next() {
    return AnyId{next_uuid()};
  }

 private:
  Uuid next_uuid();

  const Clock& clock_;
  Random& random_;
  std::mutex mutex_;
  std::int64_t millisecond_ = 0;  // guarded by mutex_, like the counter
  std::uint32_t counter_ = 0;
};

}  // namespace tba

template <>
struct std::hash<tba::Uuid> {
  std::size_t operator()(const tba::Uuid& uuid) const noexcept;
};

template <class Tag>
struct std::hash<tba::Id<Tag>> : std::hash<tba::Uuid> {};
