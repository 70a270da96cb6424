#include "shared/import/yaml_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include <fmt/format.h>

#include "shared/value/json.h"
#include "shared/value/utf8.h"

namespace tba::importing {
namespace {

constexpr std::size_t kWidth = 120;

// Whether the text reads as something else than text by YAML's core schema (1.2.2, section 10.3.2),
// or as a date or a number by that of others.
bool is_other_data(std::string_view text) {
  constexpr std::array<std::string_view, 14> kWords{"null", "Null", "NULL",  "~",     "true",
                                                    "True", "TRUE", "false", "False", "FALSE",
                                                    "<<",   "=",    "---",   "..."};
  if (std::ranges::find(kWords, text) != kWords.end()) return true;
  const bool may_be_number =
      text.find_first_not_of("0123456789abcdefABCDEFxXoOtTzZ+-.:_inINF") == std::string_view::npos;
  return may_be_number &&
         (text.find_first_of("0123456789") != std::string_view::npos ||
          text.find('.') != std::string_view::npos) &&
         std::string_view("0123456789+-.").find(text.front()) != std::string_view::npos;
}

// Control characters, and those that look like line breaks or like nothing.
bool is_special(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff ||
         (c >= 0xfff0 && c <= 0xffff);
}

char32_t code_point(std::string_view sequence) {
  const auto lead = static_cast<unsigned char>(sequence.front());
  char32_t result = sequence.size() == 1 ? lead : lead & (0x7FU >> sequence.size());
  for (const char c : sequence.substr(1))
    result = result << 6U | (static_cast<unsigned char>(c) & 0x3FU);
  return result;
}

// Each character of well-formed text, with its bytes.
void for_each_character(std::string_view text, auto&& visit) {
  while (!text.empty()) {
    const auto length = std::max<std::size_t>(utf8_length_at(text, 0), 1);
    visit(code_point(text.substr(0, length)), text.substr(0, length));
    text.remove_prefix(length);
  }
}

bool is_plain(std::string_view text, bool is_in_flow) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || is_other_data(text))
    return false;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`").find(text.front()) != std::string_view::npos)
    return false;
  if (text.ends_with(':') || text.find(": ") != std::string_view::npos ||
      text.find(" #") != std::string_view::npos) {
    return false;
  }
  if (is_in_flow && text.find_first_of(",[]{}:?") != std::string_view::npos) return false;
  bool is_readable = true;
  for_each_character(text, [&](char32_t c, std::string_view) { is_readable &= !is_special(c); });
  return is_readable;
}

void append_flow(std::string& out, const Value& value) {
  if (value.is_string()) {
    out += yaml_text(value.as_string(), true);
  } else if (value.is_array()) {
    out += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ", ";
      append_flow(out, value.items()[i]);
    }
    out += ']';
  } else if (value.is_object() && value.size() > 0) {
    std::string_view separator = "{ ";
    for (const auto& [name, part] : value.members()) {
      out += separator;
      out += name == "..." ? "..." : yaml_text(name, true);
      out += ": ";
      append_flow(out, part);
      separator = ", ";
    }
    out += " }";
  } else {
    append_json(out, value);
  }
}

void append_block(std::string& out, const Value& value, std::size_t indent) {
  for (const auto& item : value.items()) {
    const auto begin = out.size();
    out.append(indent, ' ').append("-");
    append_yaml(out, item, indent + 2, indent + 1);
    // The first member of a mapping goes behind the dash.
    const auto line = out.find('\n', begin);
    if (item.is_object() && line == begin + indent + 1) out.replace(line, indent + 3, " ");
  }
  for (const auto& [name, part] : value.members()) {
    const auto key = name == "..." ? std::string(name) : yaml_text(name, false);
    out.append(indent, ' ').append(key).append(":");
    append_yaml(out, part, indent + 2, indent + key.size() + 1);
  }
}

}  // namespace

std::string yaml_text(std::string_view text, bool is_in_flow) {
  const auto valid = repair_utf8(text);
  if (is_plain(valid, is_in_flow)) return valid;
  std::string quoted = "\"";
  for_each_character(valid, [&](char32_t c, std::string_view bytes) {
    if (c == '"' || c == '\\') {
      quoted.append("\\").append(bytes);
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (is_special(c)) {
      quoted += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(c));
    } else {
      quoted += bytes;
    }
  });
  return quoted + '"';
}

std::string yaml_flow(const Value& value) {
  std::string text;
  append_flow(text, value);
  return text;
}

void append_yaml(std::string& out, const Value& value, std::size_t indent, std::size_t column) {
  if (value.is_string()) {
    out.append(" ").append(yaml_text(value.as_string(), false)).append("\n");
    return;
  }
  const auto flow = yaml_flow(value);
  const bool is_collection = (value.is_array() || value.is_object()) && value.size() > 0;
  if (!is_collection || column + 1 + flow.size() <= kWidth) {
    out.append(" ").append(flow).append("\n");
    return;
  }
  out += '\n';
  append_block(out, value, indent);
}

}  // namespace tba::importing
