#include "shared/header_name.h"

#include <algorithm>

#include <fmt/format.h>

namespace tba {

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

}  // namespace tba
