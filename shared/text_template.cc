#include "shared/text_template.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "shared/suggestion.h"

namespace tba {

std::vector<std::string_view> template_words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto end = text.starts_with('{') ? text.find('}') : text.find('{') - 1;
    words.push_back(text.substr(0, std::min(end, text.size() - 1) + 1));
    text.remove_prefix(words.back().size());
  }
  return words;
}

void report_placeholder(const yaml::Node& node, std::string_view word,
                        const std::vector<std::string>& known, Diagnostics& diagnostics) {
  node.error(diagnostics,
             fmt::format("nothing is called '{}' here{}", word, did_you_mean(word, known)),
             fmt::format("there {} {}", known.size() == 1 ? "is" : "are", fmt::join(known, ", ")));
}

}  // namespace tba
