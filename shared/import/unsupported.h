#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace tba::importing {

/// What of a description has no place in a connector, by kind, for a person to read: "parameter
/// style matrix (sent as simple)".
class Unsupported {
 public:
  void add(std::string_view kind) { ++counts_[std::string(kind)]; }

  /// How often each kind was met, in order of their texts.
  const std::map<std::string, std::size_t>& counts() const { return counts_; }

 private:
  std::map<std::string, std::size_t> counts_;
};

}  // namespace tba::importing
