#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/console.h"
#include "cli/json.h"

namespace tba::cli {

/// What a piece of text means; on a terminal with colours, how it looks.
enum class Style : std::uint8_t { plain, heading, dim, good, bad, attention, active };

/// The text in ANSI escapes for its style; as it is without `colour`.
std::string styled(std::string_view text, Style style, bool colour);

/// How a run's, a step's or a workflow's state looks.
Style style_of_status(std::string_view status);

/// Columns that the text takes on a terminal: combining marks and our own styles none, wide
/// characters two. Bytes that are no UTF-8 count one each.
std::size_t display_width(std::string_view text);

/// The text with control characters as \xNN, so that nothing from outside moves the cursor or
/// changes colours. Line breaks and tabs become spaces.
std::string one_line(std::string_view text);

/// The beginning of the text, ended by an ellipsis if it has to be cut to `columns`.
std::string cut_to_width(std::string_view text, std::size_t columns);

/// Rows below headings, each column as wide as its widest cell; no blanks at the end of a line.
class Table {
 public:
  struct Cell {
    Cell(std::string cell_text, Style cell_style = Style::plain)
        : text(std::move(cell_text)), style(cell_style) {}
    Cell(const char* cell_text) : text(cell_text) {}

    std::string text;
    Style style = Style::plain;
  };

  explicit Table(std::vector<std::string> headings);

  /// Requires: as many cells as headings.
  void add(std::vector<Cell> row);

  bool empty() const { return rows_.empty(); }
  /// With `columns` given, no line is longer than that: wide columns are cut first, the first one
  /// (which names the row) last; what does not fit even then is cut off at the edge.
  void print(std::ostream& out, bool colour, std::optional<std::size_t> columns = {}) const;

 private:
  std::vector<std::size_t> widths(std::optional<std::size_t> columns) const;

  std::vector<std::string> headings_;
  std::vector<std::vector<Cell>> rows_;
};

/// "key:  value" lines with their values in one column; empty values are left out.
class Fields {
 public:
  void add(std::string name, std::string value, Style style = Style::plain);
  /// With `columns` given, values that make a line longer than that go on below themselves, from
  /// one of their blanks on.
  void print(std::ostream& out, bool colour, std::optional<std::size_t> columns = {}) const;

 private:
  struct Field {
    std::string name;
    std::string value;
    Style style;
  };
  std::vector<Field> fields_;
};

/// Writes a value for scripts: indented, one line break at the end.
void print_json(std::ostream& out, const Json& value);

/// Writes an error for a person: message, details, hint.
void print_error(const Console& console, const CliError& error);

}  // namespace tba::cli
