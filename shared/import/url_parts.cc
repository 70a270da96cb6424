#include "shared/import/url_parts.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

namespace tba::importing {
namespace {

std::string form_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    const char* digits = text.data() + i + 1;
    const bool is_escape = text[i] == '%' && i + 2 < text.size() &&
                           std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2;
    if (is_escape) {
      decoded += static_cast<char>(byte);
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

}  // namespace

UrlParts UrlParts::of(std::string_view url) {
  UrlParts parts;
  url = url.substr(0, url.find('#'));
  const auto scheme = url.find("://");
  const bool has_scheme = scheme < url.find_first_of("/?");
  std::string name(has_scheme ? url.substr(0, scheme) : "http");
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  if (has_scheme) url.remove_prefix(scheme + 3);
  auto authority = url.substr(0, url.find_first_of("/?"));
  url.remove_prefix(authority.size());
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    parts.user_info = authority.substr(0, at);
    authority.remove_prefix(at + 1);
  }
  parts.origin = fmt::format("{}://{}", name, authority);
  const auto mark = std::min(url.find('?'), url.size());
  parts.path = url.substr(0, mark);
  parts.query = url.substr(std::min(mark + 1, url.size()));
  return parts;
}

std::vector<std::pair<std::string, std::string>> form_fields(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> fields;
  while (!text.empty()) {
    const auto field = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(field.size() + 1, text.size()));
    if (field.empty()) continue;
    const auto equals = std::min(field.find('='), field.size());
    fields.emplace_back(form_decoded(field.substr(0, equals)),
                        form_decoded(field.substr(std::min(equals + 1, field.size()))));
  }
  return fields;
}

std::string host_name(std::string_view origin) {
  auto host = origin.substr(std::min(origin.find("://") + 3, origin.size()));
  host = host.substr(0, host.find(':'));
  std::vector<std::string_view> labels;
  while (!host.empty()) {
    labels.push_back(host.substr(0, host.find('.')));
    host.remove_prefix(std::min(labels.back().size() + 1, host.size()));
  }
  if (labels.empty()) return {};
  if (labels.size() > 1) labels.pop_back();
  // "example.co.uk": what stands before a short label is the name.
  constexpr std::size_t kShort = 3;
  if (labels.size() > 1 && labels.back().size() <= kShort) labels.pop_back();
  return std::string(labels.back());
}

}  // namespace tba::importing
