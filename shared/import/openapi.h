#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "shared/connector.h"
#include "shared/error.h"

namespace tba::importing {

/// How a description is to be imported.
struct ImportOptions {
  std::string name = {};      ///< Of the connector; empty: made of the API's title or host.
  std::string only = {};      ///< A pattern of fnmatch(3) for ids of endpoints; empty: all.
  std::string base_url = {};  ///< In the place of the description's; or empty.
  std::string source = {};    ///< The URL it is from, which its own may be relative to; or empty.
};

/// A connector made of a description.
struct ImportedConnector {
  Connector connector;  ///< Without its text.
  /// What of the description is not in it, by kind, and how often that was met.
  std::map<std::string, std::size_t> unsupported;
};

/// Where an API's description says no base URL: a name that leads nowhere (RFC 2606 section 2).
inline constexpr std::string_view kUnknownBaseUrl = "https://base-url.invalid";

/// Makes a connector of an OpenAPI 3.0, 3.1 or Swagger 2.0 description, JSON or YAML. Errors:
/// `invalid` where the text is no such description or has no operations; `not_found` where no
/// endpoint's id is like `only`; `limit_exceeded`. What no connector can say is left out.
Result<ImportedConnector> import_openapi(std::string_view text, const ImportOptions& options);

}  // namespace tba::importing
