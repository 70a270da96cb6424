#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace tba::tests {

/// A part of a jq program: text with other parts in its gaps.
struct Expression {
  std::vector<std::string> texts;  ///< One more than the parts.
  std::vector<Expression> parts;
  int level = 0;               ///< How tightly its outermost operator binds.
  bool is_comparison = false;  ///< Whether a comparison stands outside of all parentheses.

  std::string text() const;
};

/// Makes programs and inputs from a grammar. It knows of what type `.` and the variables are, so
/// that most programs do something with their input, and puts a part of another type in now and
/// then, so that some fail. No program runs forever. The same seed gives the same, everywhere.
class ProgramGenerator {
 public:
  explicit ProgramGenerator(std::uint64_t seed) : random_(seed) {}

  Expression program();
  std::string input();

 private:
  struct Scope {
    char dot = 'R';         ///< Type of `.`; the types stand beside the grammar.
    std::string variables;  ///< Types of those that are bound: `$n` is a number.
    bool catches_nothing = false;
  };

  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }
  Expression expression(char type, const Scope& scope, int depth);
  Expression filled(const char* pattern, int level, const Scope& scope, int depth);
  std::string scalar();
  std::string word();

  std::mt19937_64 random_;
};

}  // namespace tba::tests
