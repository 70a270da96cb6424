#include "shared/event_names.h"

#include <algorithm>
#include <array>

namespace tba {
namespace {

constexpr std::array<std::string_view, 6> kBuiltIn{"run.succeeded",   "run.failed",
                                                   "run.interrupted", "run.cancelled",
                                                   "daemon.started",  "credential.needs_login"};

constexpr std::array<std::string_view, 3> kReserved{"run.", "daemon.", "credential."};

constexpr std::size_t kLongestName = 100;

bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

}  // namespace

std::span<const std::string_view> built_in_events() {
  return kBuiltIn;
}

bool is_run_event(std::string_view name) {
  return name.starts_with("run.") && std::ranges::find(kBuiltIn, name) != kBuiltIn.end();
}

bool is_reserved_event(std::string_view name) {
  return std::ranges::any_of(kReserved, [&](auto prefix) { return name.starts_with(prefix); });
}

bool is_event_name(std::string_view text) {
  if (text.empty() || text.size() > kLongestName) return false;
  char before = '.';
  for (const char c : text) {
    if (c != '.' && !is_word_character(c)) return false;
    if (c == '.' && before == '.') return false;
    before = c;
  }
  return before != '.';
}

}  // namespace tba
