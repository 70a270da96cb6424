#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tba::http {

/// Name and parameters of a header such as Content-Type (RFC 9110 section 8.3.1) or
/// Content-Disposition (RFC 6266): `form-data; name="a"; filename="b.txt"`.
struct MediaType {
  std::string name;                                             ///< Lower case.
  std::vector<std::pair<std::string, std::string>> parameters;  ///< Names in lower case.

  /// Reads what it can: from the first part that is malformed on, nothing. Of several headers of
  /// one name, joined by commas (RFC 9110 section 5.3), the first counts.
  static MediaType parse(std::string_view text);

  /// The value of the first parameter of that lower-case name, or nothing.
  std::optional<std::string_view> parameter(std::string_view wanted) const;

  /// application/json, text/json, or anything that ends with +json (RFC 6839 section 3.1).
  bool is_json() const;
};

}  // namespace tba::http
