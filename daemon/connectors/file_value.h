#pragma once

#include <string>
#include <string_view>

#include "shared/error.h"
#include "shared/value/value.h"

namespace tba::connectors {

/// A file as calls give one: an object with `content` (text) or `base64` (bytes), and perhaps a
/// `filename` and a `content_type`.
struct FileValue {
  std::string filename;
  std::string content_type;
  std::string bytes;
};

/// Whether the value is such an object.
bool is_file(const Value& value);

/// The file that a value is, called `filename` where it does not say, and of type
/// application/octet-stream. Error (`invalid`): it holds something else, or a content type of
/// several lines; the message goes on behind its name ("holds …").
Result<FileValue> file_of(const Value& value, std::string_view filename);

/// The bytes that an object gives as `base64`. Error (`invalid`): likewise.
Result<std::string> bytes_of(const Value& object);

}  // namespace tba::connectors
