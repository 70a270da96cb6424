#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/endpoint.h"
#include "shared/error.h"
#include "shared/parameter.h"
#include "shared/value/value.h"

namespace tba::connectors {

/// A body, and what it is.
struct RequestBody {
  std::string bytes;
  std::string content_type;
};

/// The parameters that go into a body.
struct BodyParts {
  std::vector<std::pair<const Parameter*, Value>> fields;  ///< Those with `in: body`, in order.
  std::optional<Value> whole;  ///< Of the one with `in: whole_body`, which is then alone.
};

/// The parameters as a body of that format.
///
/// JSON is an object of the fields, or the whole. A form has fields by their style. A multipart
/// body (RFC 7578) has a part for each field: of an array one for each item; an object with
/// `content` (text) or `base64` (bytes) is a file, whose `filename` and `content_type` may be
/// given; any other object is sent as JSON. A raw body is a text, or an object with `base64`.
///
/// Errors (`invalid`): a value that cannot stand there; the message begins with the parameter.
Result<RequestBody> body_of(BodyFormat format, const BodyParts& parts);

}  // namespace tba::connectors
