#pragma once

#include <string_view>

#include "shared/expression/functions.h"

namespace tba::expression::detail {

/// Reads one JSON text as jq's `fromjson` does: beyond RFC 8259 it takes `nan`, `infinity`, `.5`,
/// `1.` and `01`. What is no JSON is an error in jq's words, with the place and the text.
Outcome read_json(std::string_view text);

}  // namespace tba::expression::detail
