#pragma once

#include <compare>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tba {

/// A place in a text file, counted from 1. Columns count code points, tabs as one.
struct SourcePosition {
  int line = 1;
  int column = 1;

  auto operator<=>(const SourcePosition&) const = default;
};

/// The text of a file under the name that messages call it by. Immutable; shared by everything that
/// was read from it, so that problems found later can still show the line.
class SourceFile {
 public:
  SourceFile(std::string path, std::string text);

  const std::string& path() const { return path_; }
  const std::string& text() const { return text_; }

  /// The line of that number, counted from 1, without its line break; empty beyond the last.
  std::string_view line(int number) const;

  /// Where that byte of the text stands. An offset beyond the end is taken as the end.
  SourcePosition position(std::size_t offset) const;

 private:
  std::string path_;
  std::string text_;
  std::vector<std::size_t> line_starts_;
};

/// Where each byte of a decoded scalar stands in its file: quotes, escapes, indentation and folded
/// line breaks make that more than an addition. Immutable and cheap to copy. A default-constructed
/// one knows no file: every offset is then on line 1 of nothing.
class SourcePositions {
 public:
  /// From `decoded` on, up to the next run, byte for byte the file's text from `source` on.
  struct Run {
    std::size_t decoded;
    std::size_t source;
  };

  SourcePositions() = default;

  /// `runs` ascend in `decoded`; the first begins at 0.
  SourcePositions(std::shared_ptr<const SourceFile> file, std::vector<Run> runs);

  /// Null if default-constructed.
  const std::shared_ptr<const SourceFile>& file() const { return file_; }

  /// Where byte `offset` of the decoded text stands.
  SourcePosition position(std::size_t offset) const;

  /// "path:line:column" of that byte, as messages begin; without a file "line:column" of nothing
  /// but the scalar, taken as one line.
  std::string place(std::size_t offset) const;

 private:
  std::shared_ptr<const SourceFile> file_;
  std::shared_ptr<const std::vector<Run>> runs_;
};

/// One problem of a file.
struct Diagnostic {
  enum class Severity { error, warning };

  Severity severity = Severity::error;
  std::shared_ptr<const SourceFile>
      file;  ///< Null for a problem with no place, such as of a folder.
  SourcePosition position;
  std::size_t length = 1;  ///< Code points to underline; those beyond the line's end are not.
  std::string message;     ///< A sentence without a full stop.
  std::string hint;        ///< What to do about it; or empty.
};

/// The problems found in one or more files. Not safe to share between threads.
class Diagnostics {
 public:
  void add(Diagnostic diagnostic);

  /// Adds a problem at bytes [offset, offset + length) of the scalar that `where` describes.
  void error(const SourcePositions& where, std::size_t offset, std::size_t length,
             std::string message, std::string hint = {});
  void warning(const SourcePositions& where, std::size_t offset, std::size_t length,
               std::string message, std::string hint = {});

  bool has_errors() const { return errors_ > 0; }
  std::size_t error_count() const { return errors_; }
  bool empty() const { return items_.empty(); }

  /// In the order they were found.
  const std::vector<Diagnostic>& items() const { return items_; }

  /// All of them for a person to read, ordered by file and position: `path:line:column: error: …`,
  /// the line, a caret below the place, the hint. `colour` adds ANSI escapes. Ends in a line break
  /// unless empty. Beyond 200 problems only their number is told.
  std::string render(bool colour = false) const;

 private:
  std::vector<Diagnostic> items_;
  std::size_t errors_ = 0;
};

}  // namespace tba
