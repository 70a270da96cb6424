#include "shared/import/names.h"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tba::importing {
namespace {

// Room for a suffix below the 100 bytes that a name may have.
constexpr std::size_t kLongestName = 90;

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return is_upper(c) || is_lower(c);
}

// Whether a new word begins there: "userId" before I, "HTMLPage" before P.
bool begins_word(std::string_view text, std::size_t i) {
  if (i == 0 || !is_upper(text[i])) return false;
  const bool after_small = is_lower(text[i - 1]) || is_digit(text[i - 1]);
  const bool ends_capitals = is_upper(text[i - 1]) && i + 1 < text.size() && is_lower(text[i + 1]);
  return after_small || ends_capitals;
}

// "v3", "v1.2": of an API, not part of its name.
bool is_version(std::string_view word) {
  return word.size() > 1 && word.front() == 'v' &&
         std::all_of(word.begin() + 1, word.end(), is_digit);
}

std::vector<std::string_view> words_of(std::string_view kebab) {
  std::vector<std::string_view> words;
  while (!kebab.empty()) {
    const auto end = std::min(kebab.find('-'), kebab.size());
    words.push_back(kebab.substr(0, end));
    kebab.remove_prefix(std::min(end + 1, kebab.size()));
  }
  return words;
}

}  // namespace

std::string kebab_case(std::string_view text) {
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\'') continue;
    if (!is_letter(c) && !(is_digit(c) && !name.empty())) {
      if (!name.empty() && !name.ends_with('-')) name += '-';
      continue;
    }
    if (begins_word(text, i) && !name.empty() && !name.ends_with('-')) name += '-';
    name += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  if (name.size() > kLongestName) name.resize(kLongestName);
  while (name.ends_with('-')) name.pop_back();
  return name;
}

std::string parameter_name(std::string_view sent_as, std::string_view otherwise) {
  std::string name;
  for (const char c : sent_as) {
    if (is_letter(c) || (!name.empty() && (is_digit(c) || c == '-'))) {
      name += c;
    } else if (!name.empty() && !name.ends_with('_')) {
      name += '_';
    }
  }
  if (name.size() > kLongestName) name.resize(kLongestName);
  // An underscore at the end that is part of the name stays.
  while (name.ends_with('_') && !sent_as.ends_with('_')) name.pop_back();
  return name.empty() ? std::string(otherwise) : name;
}

std::string connector_name(std::string_view title) {
  constexpr std::array<std::string_view, 10> kEverywhere{
      "api", "apis",    "rest",    "restful",       "http",
      "the", "openapi", "swagger", "specification", "spec"};
  constexpr std::size_t kMostWords = 5;
  std::string lower(title);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; });
  const auto kebab = kebab_case(lower);
  auto words = words_of(kebab);
  std::erase_if(words, [&](std::string_view word) {
    return is_version(word) || std::ranges::find(kEverywhere, word) != kEverywhere.end();
  });
  while (!words.empty() && !is_letter(words.front().front())) words.erase(words.begin());
  if (words.size() > kMostWords) words.resize(kMostWords);
  return kebab_case(fmt::format("{}", fmt::join(words, "-")));
}

std::string UniqueNames::take(std::string name, std::string_view separator) {
  auto unique = name;
  for (int number = 2; !taken_.insert(unique).second; ++number)
    unique = fmt::format("{}{}{}", name, separator, number);
  return unique;
}

}  // namespace tba::importing
