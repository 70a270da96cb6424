#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/value/value.h"

/// What people write in samples where something of their own belongs.
namespace tba::importing {

/// A piece of a path's segment: text, or the name of what belongs there.
struct PathPiece {
  std::string text;
  bool is_placeholder = false;
};

/// The pieces of a segment: "{id}", "{{id}}", "${ID}", "$ID", ":id", "<id>" and "OWNER", all of it,
/// or the first three inside of it ("{id}.json").
std::vector<PathPiece> pieces_of(std::string_view segment);

/// Whether a value is to be given by who sends the request: "{{x}}" anywhere in it, "$X", "${X}",
/// "<x>" or "YOUR_X".
bool is_placeholder(std::string_view value);

/// Whether any text inside the value is one.
bool holds_placeholder(const Value& value);

/// JSON in which a value that is a bare "{{x}}" is in quotes.
std::string with_quoted_placeholders(std::string_view json);

}  // namespace tba::importing
