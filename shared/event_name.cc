#include "shared/event_name.h"

#include <algorithm>

namespace tba {
namespace {

constexpr std::size_t kLongest = 200;
constexpr std::string_view kCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:";

}  // namespace

Result<std::string> parse_event_name(std::string_view text) {
  if (!text.empty() && text.size() <= kLongest &&
      text.find_first_not_of(kCharacters) == std::string_view::npos) {
    return std::string(text);
  }
  return Error{ErrorCode::invalid,
               "'" + std::string(text.substr(0, 80)) + "' is not the name of an event",
               "letters, digits and . _ - : as in orders.created"};
}

}  // namespace tba
