#include "shared/header_name.h"

#include <algorithm>

#include <fmt/format.h>

namespace tba {
namespace {

// Whether a header's value can be sent as it is.
bool is_one_line(std::string_view text) {
  return text.find_first_of("\r\n") == std::string_view::npos;
}

}  // namespace

bool is_header_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

void check_header_name(const yaml::Node& node, Diagnostics& diagnostics) {
  if (is_header_name(node.text)) return;
  node.error(diagnostics, fmt::format("'{}' is not the name of a header", node.text));
}

std::string header_name(const Fields& fields, std::string_view key) {
  if (const auto* node = fields.find(key)) check_header_name(*node, fields.diagnostics());
  return fields.text(key);
}

std::vector<std::pair<std::string, std::string>> read_headers(const Fields& fields,
                                                              std::string_view key) {
  const auto* written = fields.find(key);
  if (!written) return {};
  for (const auto& [name, value] : written->members) {
    check_header_name(*name, fields.diagnostics());
    if (!is_one_line(value->text))
      value->error(fields.diagnostics(), "a header's value is one line");
  }
  return fields.text_map(key);
}

}  // namespace tba
