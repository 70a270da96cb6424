#include "shared/placeholders.h"

#include <algorithm>

namespace tba {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_placeholder_name(std::string_view text) {
  return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_';
  });
}

/// Gives `on_text` and `on_name` the pieces of the text in order.
void for_each_piece(std::string_view text, const std::function<void(std::string_view)>& on_text,
                    const std::function<void(std::string_view)>& on_name) {
  while (!text.empty()) {
    const auto open = text.find('{');
    const auto close = text.find('}', open);
    if (open == std::string_view::npos || close == std::string_view::npos) break;
    const auto name = text.substr(open + 1, close - open - 1);
    if (is_placeholder_name(name)) {
      on_text(text.substr(0, open));
      on_name(name);
      text.remove_prefix(close + 1);
    } else {
      on_text(text.substr(0, open + 1));
      text.remove_prefix(open + 1);
    }
  }
  on_text(text);
}

}  // namespace

std::vector<std::string> placeholders_in(std::string_view text) {
  std::vector<std::string> names;
  for_each_piece(
      text, [](std::string_view) {},
      [&](std::string_view name) {
        if (std::ranges::find(names, name) == names.end()) names.emplace_back(name);
      });
  return names;
}

std::string fill_placeholders(std::string_view text,
                              const std::function<std::string(std::string_view name)>& value_of) {
  std::string filled;
  for_each_piece(
      text, [&](std::string_view part) { filled += part; },
      [&](std::string_view name) { filled += value_of(name); });
  return filled;
}

}  // namespace tba
