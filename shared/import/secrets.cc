#include "shared/import/secrets.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "shared/import/names.h"

namespace tba::importing {
namespace {

using Words = std::vector<std::string_view>;

constexpr std::size_t kShortestRandomText = 20;

template <std::size_t kSize>
bool contains(const std::array<std::string_view, kSize>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

Words words_of(std::string_view kebab) {
  Words words;
  while (!kebab.empty()) {
    words.push_back(kebab.substr(0, kebab.find('-')));
    kebab.remove_prefix(std::min(words.back().size() + 1, kebab.size()));
  }
  return words;
}

// Whether it is one by that word alone, whatever stands beside it.
bool is_telling(std::string_view word) {
  constexpr std::array<std::string_view, 22> kTelling{
      "apikey",      "auth", "authorization", "bearer",   "cookie",     "credential",
      "credentials", "csrf", "jwt",           "passcode", "passphrase", "passwd",
      "password",    "pwd",  "secret",        "secrets",  "session",    "sessionid",
      "sid",         "sig",  "signature",     "xsrf"};
  return contains(kTelling, word);
}

// "page token", "sync token": where one is in a list.
bool is_of_pages(std::string_view word) {
  constexpr std::array<std::string_view, 9> kOfPages{
      "page", "next", "prev", "previous", "continuation", "cursor", "start", "sync", "pagination"};
  return contains(kOfPages, word);
}

// "idempotency key", "sort key": no key of a lock.
bool is_of_data(std::string_view word) {
  constexpr std::array<std::string_view, 9> kOfData{"idempotency", "sort",  "primary",
                                                    "foreign",     "cache", "partition",
                                                    "object",      "group", "issue"};
  return contains(kOfData, word);
}

bool begins_like_token(std::string_view text) {
  constexpr std::array<std::string_view, 17> kBeginnings{
      "ghp_", "gho_",   "ghs_",  "ghu_",  "github_pat_", "glpat-", "sk-",   "sk_live_", "sk_test_",
      "rk_",  "whsec_", "xoxb-", "xoxp-", "xapp-",       "AIza",   "ya29.", "AKIA"};
  return std::ranges::any_of(kBeginnings,
                             [&](std::string_view each) { return text.starts_with(each); });
}

bool is_web_token(std::string_view text) {
  return text.starts_with("eyJ") && std::ranges::count(text, '.') == 2;
}

bool is_random(std::string_view text) {
  if (text.size() < kShortestRandomText) return false;
  const auto has = [&](char first, char last) {
    return std::ranges::any_of(text, [&](char c) { return c >= first && c <= last; });
  };
  const bool is_one_word = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
  const bool is_address = text.find("://") != std::string_view::npos;
  return is_one_word && !is_address && has('a', 'z') && has('A', 'Z') && has('0', '9');
}

}  // namespace

bool names_secret(std::string_view name) {
  const auto kebab = kebab_case(name);
  const auto words = words_of(kebab);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto before = i > 0 ? words[i - 1] : std::string_view();
    if (is_telling(words[i])) return true;
    if (words[i] == "token" && !is_of_pages(before)) return true;
  }
  return !words.empty() && words.back() == "key" &&
         (words.size() == 1 || !is_of_data(words[words.size() - 2]));
}

bool looks_secret(std::string_view text) {
  return begins_like_token(text) || is_web_token(text) || is_random(text);
}

bool holds_secret(std::string_view name, const Value& value) {
  std::vector<std::pair<std::string_view, const Value*>> rest{{name, &value}};
  while (!rest.empty()) {
    const auto [key, part] = rest.back();
    rest.pop_back();
    for (const auto& item : part->items()) rest.emplace_back(key, &item);
    for (const auto& member : part->members()) rest.emplace_back(member.name, &member.value);
    if (part->is_string() && (names_secret(key) || looks_secret(part->as_string()))) return true;
    if (part->is_number() && names_secret(key)) return true;
  }
  return false;
}

}  // namespace tba::importing
