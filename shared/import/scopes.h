#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "shared/value/value.h"

namespace tba::importing {

/// What the operations of a description need to be allowed, so that a login asks for that and no
/// more.
class ScopeNeeds {
 public:
  /// `root` is the description's outermost object.
  explicit ScopeNeeds(const Value& root);

  /// Notes what an operation that is taken over needs.
  void add(const Value& operation);

  /// The scopes of that security scheme that let all operations be called: where one can be called
  /// with several, such that few are enough. Empty where there would be more than kMostScopes.
  std::vector<std::string> of(std::string_view scheme) const;

  static constexpr std::size_t kMostScopes = 30;

 private:
  using Scopes = std::set<std::string>;

  Value usual_;  // the security of operations that have none of their own
  std::map<std::string, std::vector<std::vector<Scopes>>, std::less<>> needs_;  // by scheme
};

}  // namespace tba::importing
