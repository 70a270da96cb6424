#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/error.h"

namespace tba::http {

/// A field of a form that was sent in parts.
struct FormPart {
  std::string name;
  std::optional<std::string> filename;  ///< Of a file.
  std::string content_type;             ///< As sent, or empty.
  std::string_view content;             ///< Its bytes; they belong to the body.
};

/// Up to how many parts a form may have.
inline constexpr std::size_t kMostParts = 1000;

/// Reads multipart/form-data (RFC 7578; the framing is RFC 2046 section 5.1). Errors (`invalid`): a
/// boundary that is missing or not closed, a part without a name, broken headers, too many parts;
/// the messages go on from a subject ("has no boundary").
Result<std::vector<FormPart>> parse_multipart(std::string_view boundary, std::string_view body);

}  // namespace tba::http
