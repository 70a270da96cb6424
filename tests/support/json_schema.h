#pragma once

#include <string>
#include <string_view>

#include "shared/key_table.h"

namespace tba::tests {

/// The JSON Schema (2020-12) of the files that a table describes, as pretty-printed text.
std::string json_schema(const KeyTable& table, std::string_view title);

}  // namespace tba::tests
