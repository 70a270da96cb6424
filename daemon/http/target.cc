#include "daemon/http/target.h"

#include <algorithm>

#include <simdjson.h>

#include "daemon/http/form.h"

namespace tba::http {
namespace {

Error invalid(std::string message) {
  return {ErrorCode::invalid, std::move(message), {}};
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool is_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

/// The part of an absolute-form target that begins with the path; the text itself otherwise.
std::string_view without_authority(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const auto end = text.find_first_of("/?#", scheme.size());
    return end == std::string_view::npos ? std::string_view("/") : text.substr(end);
  }
  return text;
}

}  // namespace

Result<Target> Target::parse(std::string_view text) {
  if (text.find('#') != std::string_view::npos) {
    return invalid("the request target has a fragment");
  }
  text = without_authority(text);
  if (!text.starts_with('/')) return invalid("the request target does not begin with '/'");
  const auto question = text.find('?');
  Target target;
  if (auto parsed = target.parse_path(text.substr(0, question)); !parsed) return parsed.error();
  if (question != std::string_view::npos) {
    if (auto parsed = target.parse_query(text.substr(question + 1)); !parsed) {
      return parsed.error();
    }
  }
  return target;
}

std::string_view Target::segment(std::size_t n) const {
  const auto begin = starts_[n];
  const auto end = n + 1 < starts_.size() ? starts_[n + 1] - 1 : path_.size();
  return std::string_view(path_).substr(begin, end - begin);
}

Result<> Target::parse_path(std::string_view encoded) {
  path_.reserve(encoded.size());
  starts_.reserve(static_cast<std::size_t>(std::ranges::count(encoded, '/')));
  while (!encoded.empty()) {  // at a '/'
    encoded.remove_prefix(1);
    const auto text = encoded.substr(0, encoded.find('/'));
    encoded.remove_prefix(text.size());
    path_.push_back('/');
    starts_.push_back(static_cast<std::uint32_t>(path_.size()));
    if (!append_decoded(path_, text, false)) {
      return invalid("the request path has a broken percent-encoding");
    }
    const auto decoded = from_segment(starts_.size() - 1);
    if (decoded == "." || decoded == "..") {
      return invalid("the request path has a segment '" + std::string(decoded) + "'");
    }
  }
  if (std::ranges::any_of(path_, is_control)) {
    return invalid("the request path has a control character");
  }
  if (!is_utf8(path_)) return invalid("the request path is not UTF-8");
  return {};
}

Result<> Target::parse_query(std::string_view encoded) {
  auto fields = parse_form(encoded);
  if (!fields) return invalid("the query " + fields.error().message);
  query = std::move(*fields);
  return {};
}

}  // namespace tba::http
