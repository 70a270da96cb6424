#pragma once

#include <string_view>

#include "shared/error.h"
#include "shared/import/imported_connector.h"

namespace tba::importing {

/// Makes a connector of an OpenAPI 3.0, 3.1 or Swagger 2.0 description, JSON or YAML. Errors:
/// `invalid` where the text is no such description or has no operations; `not_found` where no
/// endpoint's id is like `only`; `limit_exceeded`. What no connector can say is left out.
Result<ImportedConnector> import_openapi(std::string_view text, const ImportOptions& options);

}  // namespace tba::importing
