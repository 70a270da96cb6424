#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>

/// Names that connector files can have (is_name() in shared/key_table.h), made of those that
/// descriptions have.
namespace tba::importing {

/// "getUserByID", "repos/get user" → "get-user-by-id", "repos-get-user". Other letters than ASCII's
/// are left out, as is what comes before the first letter; empty where nothing is left.
std::string kebab_case(std::string_view text);

/// The name of a parameter, close to what it is sent as: "$filter" → "filter", "ids[]" → "ids".
/// Where no letter is in it, `otherwise`.
std::string parameter_name(std::string_view sent_as, std::string_view otherwise);

/// The name of a connector by the title of its API, without words that all of them have: "GitHub v3
/// REST API" → "github". Empty where nothing is left.
std::string connector_name(std::string_view title);

/// Gives each name once.
class UniqueNames {
 public:
  /// The name, with "-2", "-3", … (by that separator) behind it where it was given before.
  std::string take(std::string name, std::string_view separator);

 private:
  std::set<std::string, std::less<>> taken_;
};

}  // namespace tba::importing
