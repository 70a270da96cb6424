#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/diagnostic.h"
#include "shared/name_table.h"
#include "shared/yaml_reader.h"

namespace tba {

/// A piece of a text that is made anew each time, such as "{timestamp}.{body}": what one of the
/// names in braces stands for, or literal text.
template <class Placeholder>
struct TemplatePiece {
  std::optional<Placeholder> placeholder;
  std::string text = {};  ///< Of a literal.

  bool operator==(const TemplatePiece&) const = default;
};

template <class Placeholder>
using TextTemplate = std::vector<TemplatePiece<Placeholder>>;

/// Takes the text apart: each word in braces, with them, and what stands between. Braces without
/// an end take all that follows.
std::vector<std::string_view> template_words(std::string_view text);

/// Adds the error that nothing is called `word`, with a suggestion out of what is.
void report_placeholder(const yaml::Node& node, std::string_view word,
                        const std::vector<std::string>& known, Diagnostics& diagnostics);

/// Reads such a text. Nothing, and an error, where a name in braces is none of `placeholders`.
template <class Placeholder, std::size_t size>
std::optional<TextTemplate<Placeholder>> read_template(
    const yaml::Node& node, const NameTable<Placeholder, size>& placeholders,
    Diagnostics& diagnostics) {
  TextTemplate<Placeholder> made;
  for (const auto word : template_words(node.text)) {
    if (!word.starts_with('{')) {
      made.push_back({std::nullopt, std::string(word)});
    } else if (const auto known = placeholders.value_of(word)) {
      made.push_back({*known});
    } else {
      const auto names = placeholders.names();
      report_placeholder(node, word, {names.begin(), names.end()}, diagnostics);
      return std::nullopt;
    }
  }
  return made;
}

/// Whether the text holds what that placeholder stands for.
template <class Placeholder>
bool holds(const TextTemplate<Placeholder>& text, Placeholder placeholder) {
  for (const auto& piece : text) {
    if (piece.placeholder == placeholder) return true;
  }
  return false;
}

}  // namespace tba
