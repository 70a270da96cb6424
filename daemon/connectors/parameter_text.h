#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/error.h"
#include "shared/parameter.h"
#include "shared/value/value.h"

namespace tba::connectors {

/// Names and values of a query or a form, in order, not yet encoded.
using TextFields = std::vector<std::pair<std::string, std::string>>;

/// A scalar as it stands in a path, query, header or form. Requires that it is no array and no
/// object.
std::string text_of(const Value& scalar);

/// The value as one text, by its style: that of a path, a header or a cookie. The error (`invalid`)
/// says what is wrong with it, and goes on from a subject ("holds an object, which …").
Result<std::string> text_of(const Value& value, ParameterStyle style);

/// The value as fields of a query or a form, by its style. Adds them; the error is as above.
Result<> add_fields(TextFields& fields, std::string_view name, const Value& value,
                    ParameterStyle style);

}  // namespace tba::connectors
