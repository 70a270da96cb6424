#include "daemon/http/target.h"

#include <algorithm>

#include <simdjson.h>

namespace tba::http {
namespace {

Error invalid(std::string message) {
  return {ErrorCode::invalid, std::move(message), {}};
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Appends the percent-decoded text; false where the encoding is broken.
bool append_decoded(std::string& out, std::string_view text, bool plus_is_space) {
  while (!text.empty()) {
    const auto special = text.find_first_of(plus_is_space ? "%+" : "%");
    out.append(text.substr(0, special));
    if (special == std::string_view::npos) return true;
    text.remove_prefix(special);
    if (text[0] == '+') {
      out.push_back(' ');
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 3) return false;
    const int high = hex_digit(text[1]);
    const int low = hex_digit(text[2]);
    if (high < 0 || low < 0) return false;
    out.push_back(static_cast<char>(high * 16 + low));
    text.remove_prefix(3);
  }
  return true;
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
  while (!encoded.empty()) {
    const auto pair = encoded.substr(0, encoded.find('&'));
    encoded.remove_prefix(std::min(pair.size() + 1, encoded.size()));
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    std::string name;
    std::string value;
    if (!append_decoded(name, pair.substr(0, equals), true) ||
        (equals != std::string_view::npos &&
         !append_decoded(value, pair.substr(equals + 1), true))) {
      return invalid("the query has a broken percent-encoding");
    }
    for (const auto* part : {&name, &value}) {
      if (part->find('\0') != std::string::npos) return invalid("the query has a NUL");
      if (!is_utf8(*part)) return invalid("the query is not UTF-8");
    }
    query.emplace_back(std::move(name), std::move(value));
  }
  return {};
}

}  // namespace tba::http
