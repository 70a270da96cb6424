#include "shared/uri.h"

#include <algorithm>

namespace tba {
namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string percent_encode(std::string_view text) {
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += '%';
      encoded += kHex[byte >> 4];
      encoded += kHex[byte & 0xf];
    }
  }
  return encoded;
}

std::string form_encode(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string encoded;
  for (const auto& [name, value] : fields) {
    if (!encoded.empty()) encoded += '&';
    encoded += percent_encode(name);
    encoded += '=';
    encoded += percent_encode(value);
  }
  return encoded;
}

std::string with_query(std::string_view url,
                       const std::vector<std::pair<std::string, std::string>>& query) {
  if (query.empty()) return std::string(url);
  const auto fragment = std::min(url.find('#'), url.size());
  const auto base = url.substr(0, fragment);
  std::string result(base);
  const auto mark = base.find('?');
  if (mark == std::string_view::npos) {
    result += '?';
  } else if (mark + 1 != base.size()) {
    result += '&';
  }
  result += form_encode(query);
  result += url.substr(fragment);
  return result;
}

std::string without_query(std::string_view url, std::string_view name) {
  const auto fragment = std::min(url.find('#'), url.size());
  const auto mark = url.substr(0, fragment).find('?');
  if (mark == std::string_view::npos) return std::string(url);
  const auto encoded = percent_encode(name);
  std::string result(url.substr(0, mark));
  char before = '?';
  for (auto rest = url.substr(mark + 1, fragment - mark - 1); !rest.empty();) {
    const auto end = std::min(rest.find('&'), rest.size());
    const auto field = rest.substr(0, end);
    const auto written = field.substr(0, field.find('='));
    if (written != name && written != encoded) {
      result += before;
      result += field;
      before = '&';
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  result += url.substr(fragment);
  return result;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace tba
