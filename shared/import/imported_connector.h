#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shared/connector.h"

namespace tba::importing {

/// How something is to be imported.
struct ImportOptions {
  std::string name = {};      ///< Of the connector; empty: made of the API's title or host.
  std::string only = {};      ///< A pattern of fnmatch(3) for ids of endpoints; empty: all.
  std::string base_url = {};  ///< In the place of the one that is found; or empty.
  std::string source = {};    ///< The URL it is from, which its own may be relative to; or empty.
};

/// A connector made of what was imported.
struct ImportedConnector {
  Connector connector;  ///< Without its text.
  /// What was imported but is not in it, by kind, and how often that was met.
  std::map<std::string, std::size_t> unsupported = {};
  /// The parameters whose values were there and are not in it, as they may be secrets, for a person
  /// to read: "password in the body of post-login".
  std::vector<std::string> withheld = {};
};

/// Where no base URL is known: a name that leads nowhere (RFC 2606 section 2).
inline constexpr std::string_view kUnknownBaseUrl = "https://base-url.invalid";

}  // namespace tba::importing
