#pragma once

#include <optional>
#include <string>

#include "shared/diagnostic.h"
#include "shared/error.h"
#include "shared/value/value.h"

namespace tba::daemon {

/// Checks a connector, by its file or the name of a built-in one, against a file of cassettes,
/// without a daemon: {items: [{name, endpoint, passed, differences: [{at, expected, got}]}]}. Adds
/// the problems of both files to `diagnostics`, and then gives null. Errors: a file that cannot be
/// read.
Result<Value> test_connector(const std::string& connector_name, const std::string& cassette_file,
                             Diagnostics& diagnostics);

}  // namespace tba::daemon
