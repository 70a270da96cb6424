#include "daemon/http/multipart.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/http/media_type.h"
#include "shared/uri.h"

namespace tba::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

Error invalid(std::string message) {
  return {ErrorCode::invalid, std::move(message), {}};
}

/// Takes a part's headers off the front of it.
Result<> take_headers(std::string_view& text, FormPart& part) {
  for (;;) {
    const auto end = text.find(kLineEnd);
    if (end == std::string_view::npos) return invalid("has a part whose headers do not end");
    const auto line = text.substr(0, end);
    text.remove_prefix(end + kLineEnd.size());
    if (line.empty()) return {};
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return invalid("has a part with a broken header");
    const auto name = line.substr(0, colon);
    const auto value = line.substr(colon + 1);
    if (equal_ignoring_case(name, "content-disposition")) {
      const auto disposition = MediaType::parse(value);
      if (const auto field = disposition.parameter("name")) part.name = *field;
      if (const auto file = disposition.parameter("filename")) part.filename = *file;
    } else if (equal_ignoring_case(name, "content-type")) {
      const auto begin = std::min(value.find_first_not_of(" \t"), value.size());
      part.content_type = value.substr(begin);
    }
  }
}

}  // namespace

Result<std::vector<FormPart>> parse_multipart(std::string_view boundary, std::string_view body) {
  if (boundary.empty() || boundary.size() > 70) return invalid("has no boundary");
  const auto delimiter = fmt::format("\r\n--{}", boundary);
  // What comes before the first delimiter counts for nothing; it may stand at the very beginning.
  const auto opening = std::string_view(delimiter).substr(kLineEnd.size());
  if (body.starts_with(opening)) {
    body.remove_prefix(opening.size());
  } else {
    const auto first = body.find(delimiter);
    if (first == std::string_view::npos) return invalid("has no part");
    body.remove_prefix(first + delimiter.size());
  }
  std::vector<FormPart> parts;
  while (!body.starts_with("--")) {
    if (parts.size() == kMostParts)
      return invalid(fmt::format("has more than {} parts", kMostParts));
    const auto padding = std::min(body.find_first_not_of(" \t"), body.size());
    body.remove_prefix(padding);
    if (!body.starts_with(kLineEnd)) return invalid("has a broken delimiter");
    body.remove_prefix(kLineEnd.size());
    FormPart part;
    if (auto taken = take_headers(body, part); !taken) return taken.error();
    if (part.name.empty()) return invalid("has a part without a name");
    // A part may consist of headers alone: their last line end then belongs to the delimiter.
    if (body.starts_with(opening)) {
      body.remove_prefix(opening.size());
    } else {
      const auto end = body.find(delimiter);
      if (end == std::string_view::npos) return invalid("ends within a part");
      part.content = body.substr(0, end);
      body.remove_prefix(end + delimiter.size());
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace tba::http
