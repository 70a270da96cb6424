#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tba::importing {

/// A URL taken apart (RFC 3986 section 3), nothing decoded. Without a scheme it is one of http, as
/// curl takes it; a fragment is left out.
struct UrlParts {
  std::string origin;     ///< "https://api.example:8443"
  std::string user_info;  ///< "user:password", or empty.
  std::string path;       ///< Begins with a slash, or empty.
  std::string query;      ///< Without its question mark.

  static UrlParts of(std::string_view url);
};

/// The fields of a query or a form, decoded (application/x-www-form-urlencoded).
std::vector<std::pair<std::string, std::string>> form_fields(std::string_view text);

/// The name that a host has in people's mouths: "github" of "https://api.github.com".
std::string host_name(std::string_view origin);

}  // namespace tba::importing
