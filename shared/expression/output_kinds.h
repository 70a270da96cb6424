#pragma once

#include <bitset>
#include <string_view>

#include "shared/value/value.h"

namespace tba::expression {

/// Kinds of values, by Value::Kind; integers count as numbers.
class Kinds {
 public:
  constexpr Kinds() = default;
  constexpr Kinds(Value::Kind kind) : bits_(bit(kind)) {}

  static constexpr Kinds all() { return Kinds((1U << kCount) - 1U); }

  constexpr bool may_be(Value::Kind kind) const { return (bits_ & bit(kind)) != 0; }
  constexpr bool is_empty() const { return bits_ == 0; }
  /// Whether there is one kind in it, that one.
  constexpr bool is_only(Value::Kind kind) const { return bits_ == bit(kind); }

  friend constexpr Kinds operator|(Kinds left, Kinds right) {
    return Kinds(left.bits_ | right.bits_);
  }
  friend constexpr Kinds operator-(Kinds left, Kinds right) {
    return Kinds(left.bits_ & ~right.bits_);
  }
  friend constexpr bool operator==(Kinds left, Kinds right) = default;

 private:
  static constexpr unsigned kCount = 8;
  static constexpr unsigned bit(Value::Kind kind) {
    return 1U << static_cast<unsigned>(kind == Value::Kind::integer ? Value::Kind::number : kind);
  }
  constexpr explicit Kinds(unsigned bits) : bits_(bits) {}

  unsigned bits_ = 0;
};

/// What the outputs of a program can be, as far as that is evident without running it: never less
/// than what they are. All kinds for a text that is no program.
Kinds output_kinds(std::string_view program);

}  // namespace tba::expression
