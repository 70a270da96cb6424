#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/value/value.h"

/// YAML as a person would write it, which yaml::read() and to_value() take for the same data.
namespace tba::importing {

/// Text as a scalar: plain where YAML reads it back as this text, else in double quotes. In a flow
/// collection more needs them.
std::string yaml_text(std::string_view text, bool is_in_flow);

/// A value on one line: `{ in: query, choices: [asc, desc] }`.
std::string yaml_flow(const Value& value);

/// Puts a value behind a key or a dash that stands in a line, and ends the line: on this line where
/// that fits into 120 columns, else as a block below it, indented by `indent` blanks. `column` is
/// where the line has come to.
void append_yaml(std::string& out, const Value& value, std::size_t indent, std::size_t column);

}  // namespace tba::importing
