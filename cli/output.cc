#include "cli/output.h"

#include <algorithm>
#include <clocale>
#include <cwchar>
#include <limits>
#include <ostream>
#include <utility>

#include <fmt/format.h>
#include <locale.h>
#include <nlohmann/json.hpp>

namespace tba::cli {
namespace {

constexpr std::string_view kReset = "\033[0m";
constexpr std::string_view kGap = "  ";  // between the columns of a table

// Columns of a table are not cut below this: a date and time fits.
constexpr std::size_t kLeastCut = 20;

// Less of a column than this is not worth beginning at the edge.
constexpr std::size_t kLeastAtEdge = 8;

std::string_view escape_of(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::heading:
      return "\033[1m";
    case Style::dim:
      return "\033[2m";
    case Style::good:
      return "\033[32m";
    case Style::bad:
      return "\033[31m";
    case Style::attention:
      return "\033[33m";
    case Style::active:
      return "\033[36m";
  }
  return "";
}

// wcwidth() asks the thread's locale what a character is, and the process keeps the plain one.
class Utf8Locale {
 public:
  Utf8Locale() : before_(uselocale(utf8())) {}
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;
  ~Utf8Locale() { uselocale(before_); }

 private:
  static locale_t utf8() {
    static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return locale;
  }
  locale_t before_;
};

struct Character {
  std::string_view bytes;
  std::size_t width;
};

// The first character of a text that is not empty.
Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (text.starts_with("\033[")) return {text.substr(0, text.find('m') + 1), 0};
  if (lead < 0x80) return {text.substr(0, 1), 1};
  std::size_t length = 1;
  if (lead >= 0xc2 && lead < 0xe0) length = 2;
  if (lead >= 0xe0 && lead < 0xf0) length = 3;
  if (lead >= 0xf0 && lead < 0xf5) length = 4;
  if (length == 1 || text.size() < length) return {text.substr(0, 1), 1};
  char32_t code = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0U) != 0x80U) return {text.substr(0, 1), 1};
    code = (code << 6U) | (byte & 0x3fU);
  }
  const int width = wcwidth(static_cast<wchar_t>(code));
  return {text.substr(0, length), width < 0 ? 1 : static_cast<std::size_t>(width)};
}

// U+0080 to U+009F, which some terminals obey like escape sequences.
bool is_c1_control(std::string_view bytes) {
  return bytes.size() == 2 && bytes[0] == '\xc2' && (bytes[1] & 0xe0) == 0x80;
}

std::string padded(std::string_view text, std::size_t width) {
  const std::size_t used = display_width(text);
  return std::string(text) + std::string(used < width ? width - used : 0, ' ');
}

/// The text in lines that have room beside `indent` in so many columns, where blanks let it.
std::vector<std::string> wrapped(const std::string& text, std::optional<std::size_t> columns,
                                 std::size_t indent) {
  if (!columns) return {text};
  const std::size_t room = *columns > indent ? *columns - indent : 1;
  std::vector<std::string> lines;
  std::string line;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find(' ', begin), text.size());
    const auto word = text.substr(begin, end - begin);
    const bool fits = display_width(line) + 1 + display_width(word) <= room;
    if (!line.empty() && !fits) lines.push_back(std::exchange(line, {}));
    line += (line.empty() ? "" : " ") + word;
    begin = end + 1;
  }
  lines.push_back(std::move(line));
  return lines;
}

}  // namespace

std::string styled(std::string_view text, Style style, bool colour) {
  const std::string_view escape = colour ? escape_of(style) : "";
  if (escape.empty() || text.empty()) return std::string(text);
  return fmt::format("{}{}{}", escape, text, kReset);
}

Style style_of_status(std::string_view status) {
  if (status == "succeeded" || status == "active") return Style::good;
  if (status == "failed" || status == "broken") return Style::bad;
  if (status == "interrupted" || status == "held" || status == "waiting") return Style::attention;
  if (status == "running") return Style::active;
  if (status == "skipped" || status == "cancelled") return Style::dim;
  return Style::plain;
}

std::size_t display_width(std::string_view text) {
  const Utf8Locale locale;
  std::size_t width = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    width += character.width;
    text.remove_prefix(character.bytes.size());
  }
  return width;
}

std::string one_line(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char byte = text[i];
    const auto code = static_cast<unsigned char>(byte);
    if (byte == '\n' || byte == '\r' || byte == '\t') {
      line.push_back(' ');
    } else if (code < 0x20 || code == 0x7f) {
      line += fmt::format("\\x{:02x}", code);
    } else if (is_c1_control(text.substr(i, 2))) {
      line += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[++i]));
    } else {
      line.push_back(byte);
    }
  }
  return line;
}

std::string cut_to_width(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns) return std::string(text);
  const Utf8Locale locale;
  std::string cut;
  std::size_t width = 0;
  while (!text.empty()) {
    const Character character = first_character(text);
    if (width + character.width + 1 > columns) break;
    width += character.width;
    cut += character.bytes;
    text.remove_prefix(character.bytes.size());
  }
  if (columns == 0) return {};
  cut += "…";
  if (cut.find('\033') != cut.npos) cut += kReset;
  return cut;
}

Table::Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}

void Table::add(std::vector<Cell> row) {
  for (Cell& cell : row) cell.text = one_line(cell.text);
  rows_.push_back(std::move(row));
}

/// How wide each column is to be.
std::vector<std::size_t> Table::widths(std::optional<std::size_t> columns) const {
  std::vector<std::size_t> widths;
  std::size_t total = 0;
  for (std::size_t column = 0; column < headings_.size(); ++column) {
    std::size_t width = display_width(headings_[column]);
    for (const auto& row : rows_) width = std::max(width, display_width(row[column].text));
    if (columns) width = std::min(width, *columns);
    widths.push_back(width);
    total += width + (column > 0 ? kGap.size() : 0);
  }
  while (columns && total > *columns && widths.size() > 1) {
    const auto widest = std::max_element(widths.begin() + 1, widths.end());
    if (*widest <= kLeastCut) break;
    --*widest;
    --total;
  }
  return widths;
}

void Table::print(std::ostream& out, bool colour, std::optional<std::size_t> columns) const {
  const auto widths = this->widths(columns);
  const auto print_row = [&](const std::vector<Cell>& row) {
    std::size_t end = row.size();
    while (end > 0 && row[end - 1].text.empty()) --end;
    std::size_t room = columns.value_or(std::numeric_limits<std::size_t>::max());
    for (std::size_t column = 0; column < end; ++column) {
      const std::size_t width = std::min(widths[column], room);
      const bool next_fits = room - width >= kGap.size() + kLeastAtEdge ||
                             (column + 1 < end && room - width >= kGap.size() + widths[column + 1]);
      const bool is_last = column + 1 == end || !next_fits;
      const std::string text = cut_to_width(row[column].text, width);
      out << styled(is_last ? text : padded(text, width), row[column].style, colour)
          << (is_last ? "" : kGap);
      if (is_last) break;
      room -= width + kGap.size();
    }
    out << '\n';
  };
  std::vector<Cell> first;
  for (const std::string& heading : headings_) first.emplace_back(heading, Style::heading);
  print_row(first);
  for (const auto& row : rows_) print_row(row);
}

void Fields::add(std::string name, std::string value, Style style) {
  if (!value.empty()) fields_.push_back({std::move(name), std::move(value), style});
}

void Fields::print(std::ostream& out, bool colour, std::optional<std::size_t> columns) const {
  std::size_t width = 0;
  for (const Field& field : fields_) width = std::max(width, display_width(field.name));
  const std::size_t indent = width + 3;
  for (const Field& field : fields_) {
    std::string name = field.name + ":";
    for (const auto& line : wrapped(one_line(field.value), columns, indent)) {
      out << styled(padded(name, width + 1), Style::heading, colour) << "  "
          << styled(line, field.style, colour) << '\n';
      name.clear();
    }
  }
}

void print_json(std::ostream& out, const Json& value) {
  out << value.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

void print_error(const Console& console, const CliError& error) {
  console.err << styled("error:", Style::bad, console.colour_err) << ' ' << error.message << '\n';
  if (!error.details.empty()) {
    console.err << error.details << (error.details.ends_with('\n') ? "" : "\n");
  }
  if (!error.hint.empty()) {
    console.err << styled("hint:", Style::active, console.colour_err) << ' ' << error.hint << '\n';
  }
}

}  // namespace tba::cli
