#include "cli/json_stream.h"

namespace tba::cli {
namespace {

constexpr std::string_view kBlank = " \t\r\n";
// What ends a number or a word.
constexpr std::string_view kDelimiters = " \t\r\n,:[]{}\"";

// The size of the string that begins the text, quotes included; all of it if it has no end.
std::size_t string_size(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return text.size();
}

// The size of the array or object that begins the text; all of it if it has no end.
std::size_t container_size(std::string_view text) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char byte = text[i];
    if (byte == '"') {
      i += string_size(text.substr(i)) - 1;
    } else if (byte == '[' || byte == '{') {
      ++depth;
    } else if ((byte == ']' || byte == '}') && --depth == 0) {
      return i + 1;
    }
  }
  return text.size();
}

std::size_t value_size(std::string_view text) {
  if (text.front() == '"') return string_size(text);
  if (text.front() == '[' || text.front() == '{') return container_size(text);
  const std::size_t end = text.find_first_of(kDelimiters);
  return end == 0 ? 1 : std::min(end, text.size());
}

}  // namespace

std::optional<std::string_view> JsonStream::next() {
  rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlank), rest_.size()));
  if (rest_.empty()) return std::nullopt;
  const std::string_view value = rest_.substr(0, value_size(rest_));
  rest_.remove_prefix(value.size());
  return value;
}

}  // namespace tba::cli
