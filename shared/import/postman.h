#pragma once

#include <string_view>

#include "shared/error.h"
#include "shared/import/imported_connector.h"

namespace tba::importing {

/// Makes a connector of a Postman collection, format 2.0 or 2.1 (schema.postman.com): an endpoint
/// of each request, those in folders included. The collection's variables are put in; others that
/// requests use ("{{x}}") become parameters that calls have to give. What else there is to know is
/// as with Sample. Scripts, examples of answers and whatever no connector can say are noted.
/// Errors: `invalid` where the text is no such collection or has no requests; `not_found` where no
/// endpoint's id is like `only`; `limit_exceeded`.
Result<ImportedConnector> import_postman(std::string_view text, const ImportOptions& options);

}  // namespace tba::importing
