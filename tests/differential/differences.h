#pragma once

#include <string_view>

namespace tba::tests {

// Where jq 1.6 is not what ours has to be. The README has what the grammar leaves out.

/// Programs that hold both texts are not compared.
struct Skipped {
  std::string_view text;
  std::string_view also;
  std::string_view reason;
};

inline constexpr Skipped kSkipped[] = {
    {"@uri", "try", "1.7 escapes !*'(), which messages hold"},
    {"@uri", "error", "the same"},
    {"@uri", "@sh", "the same, of the quotes"},
    {"| reverse", "| reverse", "1.7 reverses strings too"},
};

/// A text of jq 1.6, and what stands there in ours.
struct Rewritten {
  std::string_view theirs;
  std::string_view ours;
  std::string_view reason;
};

inline constexpr Rewritten kRewritten[] = {
    {"&apos;", "&#39;", "@html's apostrophe since 1.7"},
};

/// Where a message of jq 1.6 holds this, any error is as good.
struct Reworded {
  std::string_view theirs;
  std::string_view reason;
};

inline constexpr Reworded kReworded[] = {
    {"Start and end indices of an", "1.7: Array/string slice indices must be integers"},
    {"\xef\xbf\xbd", "1.6 cuts a value's text within a character"},
};

}  // namespace tba::tests
