#include "shared/uuid.h"

#include <cstring>

namespace tba {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr std::uint32_t kCounterBits = 12;

bool hyphen_stands_at(std::size_t position) {
  return position == 8 || position == 13 || position == 18 || position == 23;
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string Uuid::text() const {
  std::string text;
  text.reserve(36);
  for (const auto byte : bytes) {
    if (hyphen_stands_at(text.size())) text += '-';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xf];
  }
  return text;
}

std::optional<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid uuid;
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (hyphen_stands_at(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int digit = digit_value(text[i]);
    if (digit < 0) return std::nullopt;
    auto& byte = uuid.bytes[nibble / 2];
    byte = static_cast<std::uint8_t>((byte << 4) | digit);
    ++nibble;
  }
  return uuid;
}

Uuid UuidGenerator::next_uuid() {
  Uuid uuid;
  random_.fill(std::as_writable_bytes(std::span(uuid.bytes)));

  std::lock_guard lock(mutex_);
  const auto now =
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now().time_since_epoch())
          .count();
  if (now > millisecond_) {
    millisecond_ = now;
    counter_ =
        uuid.bytes[7];  // starts low, so that 3,840 more fit before the millisecond is stepped
  } else if (++counter_ >> kCounterBits) {
    ++millisecond_;
    counter_ = 0;
  }
  for (std::size_t i = 0; i < 6; ++i) {
    uuid.bytes[i] = static_cast<std::uint8_t>(millisecond_ >> (8 * (5 - i)));
  }
  uuid.bytes[6] = static_cast<std::uint8_t>(0x70 | (counter_ >> 8));
  uuid.bytes[7] = static_cast<std::uint8_t>(counter_);
  uuid.bytes[8] = static_cast<std::uint8_t>(0x80 | (uuid.bytes[8] & 0x3f));
  return uuid;
}

}  // namespace tba

std::size_t std::hash<tba::Uuid>::operator()(const tba::Uuid& uuid) const noexcept {
  std::uint64_t tail = 0;  // the random half
  std::memcpy(&tail, uuid.bytes.data() + 8, sizeof tail);
  std::uint64_t head = 0;
  std::memcpy(&head, uuid.bytes.data(), sizeof head);
  return static_cast<std::size_t>(tail ^ (head * 0x9e3779b97f4a7c15ULL));
}
