#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/diagnostic.h"
#include "shared/key_table.h"
#include "shared/yaml_reader.h"

namespace tba {

/// Whether the text may be the name of a header (RFC 9110 section 5.6.2: a token).
bool is_header_name(std::string_view text);

/// Adds an error where the node's text is not the name of a header.
void check_header_name(const yaml::Node& node, Diagnostics& diagnostics);

/// The name of a header that a key gives; empty where there is none. Adds an error where it is
/// none.
std::string header_name(const Fields& fields, std::string_view key);

/// The headers that a key gives. Adds an error for each that cannot be one.
std::vector<std::pair<std::string, std::string>> read_headers(const Fields& fields,
                                                              std::string_view key);

}  // namespace tba
