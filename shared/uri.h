#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tba {

/// Percent-encodes everything but the unreserved characters (RFC 3986 section 2.3): fit for one
/// path segment or a value.
std::string percent_encode(std::string_view text);

/// Pairs as application/x-www-form-urlencoded (the URL standard's serializer, with %20 for a
/// space).
std::string form_encode(const std::vector<std::pair<std::string, std::string>>& fields);

/// The URL with these parameters added to the query it may have, before a fragment.
std::string with_query(std::string_view url,
                       const std::vector<std::pair<std::string, std::string>>& query);

/// The URL without the parameters of that name in its query.
std::string without_query(std::string_view url, std::string_view name);

/// Whether two ASCII texts are equal but for case, as names of headers are (RFC 9110 section 5.1).
bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace tba
