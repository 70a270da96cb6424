#pragma once

#include <optional>
#include <string_view>

namespace tba::cli {

/// Cuts a text of several JSON values, one after the other as jq reads them, into the text of each.
/// Does not check them: what is no JSON comes out as a piece that no parser takes.
class JsonStream {
 public:
  /// The text must outlive it.
  explicit JsonStream(std::string_view text) : rest_(text) {}

  /// The next value's text without the white space around it; nothing at the end.
  std::optional<std::string_view> next();

 private:
  std::string_view rest_;
};

}  // namespace tba::cli
