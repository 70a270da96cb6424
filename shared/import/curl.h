#pragma once

#include <string_view>

#include "shared/error.h"
#include "shared/import/imported_connector.h"

namespace tba::importing {

/// Makes a connector with one endpoint of a curl command line (curl(1), 7.88), as a shell takes it.
/// Called without parameters it sends what the command sends, but for what may be a secret: that is
/// left to a credential, or to calls. Options that no connector can express are noted. Errors:
/// `invalid` where the text is no command of curl or has no URL of HTTP.
Result<ImportedConnector> import_curl(std::string_view command, const ImportOptions& options);

}  // namespace tba::importing
