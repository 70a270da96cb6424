#pragma once

#include <string_view>

#include "shared/error.h"
#include "shared/value/value.h"

namespace tba::http {

/// What the body of a request stands for, by its content type; null where there is none.
///
/// * JSON (MediaType::is_json(), or no content type): its value.
/// * application/x-www-form-urlencoded: an object of strings; a field that comes more than once is
///   an array of them.
/// * multipart/form-data: likewise, a file being {"filename", "content_type", "body"}.
/// * anything else: its text where it is UTF-8, otherwise {"base64": …} (RFC 4648 section 4); so
///   are the parts of a form, and the bodies of files.
///
/// The same type and bytes give the same value at any time. Errors (`invalid`): what is no JSON or
/// no form.
Result<Value> body_value(std::string_view content_type, std::string_view body);

}  // namespace tba::http
