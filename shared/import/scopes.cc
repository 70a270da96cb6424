#include "shared/import/scopes.h"

#include <algorithm>
#include <cstddef>

#include "shared/import/description.h"

namespace tba::importing {
namespace {

/// As RFC 6749, section 3.3, has them: what stands in a list with blanks between.
bool is_scope(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < '\x7f' && c != '"' && c != '\\';
  });
}

std::set<std::string> scopes_in(const Value& list) {
  std::set<std::string> scopes;
  for (const auto& each : list.items()) {
    if (each.is_string() && is_scope(each.as_string())) scopes.emplace(each.as_string());
  }
  return scopes;
}

bool are_in(const std::set<std::string>& wanted, const std::set<std::string>& all) {
  return std::ranges::includes(all, wanted);
}

}  // namespace

ScopeNeeds::ScopeNeeds(const Value& root) : usual_(member(root, "security")) {}

void ScopeNeeds::add(const Value& operation) {
  const Value* own = operation.find("security");
  const Value& security = own ? *own : usual_;
  if (!security.is_array()) return;
  std::map<std::string, std::vector<Scopes>, std::less<>> ways;
  for (const auto& alternative : security.items()) {
    for (const auto& [scheme, list] : alternative.members())
      ways[std::string(scheme)].push_back(list.is_array() ? scopes_in(list) : Scopes());
  }
  for (auto& [scheme, each] : ways) {
    const bool needs_any = std::ranges::none_of(each, &Scopes::empty);
    if (needs_any) needs_[scheme].push_back(std::move(each));
  }
}

std::vector<std::string> ScopeNeeds::of(std::string_view scheme) const {
  const auto found = needs_.find(scheme);
  if (found == needs_.end()) return {};
  std::vector<const std::vector<Scopes>*> open;
  for (const auto& ways : found->second) open.push_back(&ways);
  Scopes chosen;
  // The way that most of those that are left can be called in goes first (a greedy set cover).
  while (!open.empty() && chosen.size() <= kMostScopes) {
    std::map<Scopes, std::size_t> counts;
    for (const auto* ways : open) {
      for (const auto& way : *ways) ++counts[way];
    }
    const auto best = std::ranges::max_element(counts, {}, [](const auto& each) {
      return std::pair(each.second, -static_cast<std::ptrdiff_t>(each.first.size()));
    });
    chosen.insert(best->first.begin(), best->first.end());
    std::erase_if(open, [&](const auto* ways) {
      return std::ranges::any_of(*ways, [&](const Scopes& way) { return are_in(way, chosen); });
    });
  }
  if (chosen.size() > kMostScopes) return {};
  return {chosen.begin(), chosen.end()};
}

}  // namespace tba::importing
