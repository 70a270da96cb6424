#include "daemon/http/media_type.h"

#include <algorithm>

#include "shared/lower_case.h"

namespace tba::http {
namespace {

constexpr std::string_view kBlanks = " \t";

/// What ends a part of the header; a comma, all of it: what follows came in another header.
constexpr std::string_view kEnds = ";,";

std::string_view without_blanks(std::string_view text) {
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

/// Takes a quoted-string (RFC 9110 section 5.6.4) off the front; nothing where it has no end.
std::optional<std::string> take_quoted(std::string_view& text) {
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    value.push_back(text[i]);
  }
  return std::nullopt;
}

/// Takes a parameter's value off the front, quoted or not.
std::optional<std::string> take_value(std::string_view& text) {
  if (text.starts_with('"')) return take_quoted(text);
  const auto value = text.substr(0, text.find_first_of(kEnds));
  text.remove_prefix(value.size());
  return std::string(without_blanks(value));
}

}  // namespace

MediaType MediaType::parse(std::string_view text) {
  MediaType type;
  const auto name_end = std::min(text.find_first_of(kEnds), text.size());
  type.name = lower_case(without_blanks(text.substr(0, name_end)));
  text.remove_prefix(name_end);
  while (text.starts_with(';')) {
    text.remove_prefix(1);
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) break;
    auto name = lower_case(without_blanks(text.substr(0, equals)));
    text.remove_prefix(equals + 1);
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    auto value = take_value(text);
    if (!value) break;
    type.parameters.emplace_back(std::move(name), std::move(*value));
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  }
  return type;
}

std::optional<std::string_view> MediaType::parameter(std::string_view wanted) const {
  const auto found =
      std::ranges::find(parameters, wanted, &std::pair<std::string, std::string>::first);
  return found == parameters.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

bool MediaType::is_json() const {
  return name == "application/json" || name == "text/json" || name.ends_with("+json");
}

}  // namespace tba::http
