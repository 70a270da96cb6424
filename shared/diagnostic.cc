#include "shared/diagnostic.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "shared/value/utf8.h"

namespace tba {
namespace {

constexpr std::size_t kMaxRendered = 200;
constexpr std::size_t kMaxLineWidth = 160;  // code points of a line that are shown
constexpr std::size_t kLeftContext = 60;    // of them before the caret, where the line is cut

// The bytes of `count` code points from the beginning of `text`, or all of it.
std::size_t bytes_of(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  while (at < text.size() && count > 0) {
    at += std::max<std::size_t>(utf8_length_at(text, at), 1);
    --count;
  }
  return at;
}

struct Palette {
  std::string_view place, error, warning, caret, reset;
};
constexpr Palette kPlain{};
constexpr Palette kColour{"\x1b[1m", "\x1b[1;31m", "\x1b[1;35m", "\x1b[1;32m", "\x1b[0m"};

// The line as a terminal can show it: UTF-8, and nothing in it moves the cursor.
std::string printable(std::string_view line) {
  auto shown = repair_utf8(line);
  for (auto& byte : shown) {
    if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f) byte = ' ';
  }
  return shown;
}

void render_line(std::string& out, const Diagnostic& diagnostic, const Palette& palette) {
  auto line = diagnostic.file->line(diagnostic.position.line);
  auto column = static_cast<std::size_t>(std::max(diagnostic.position.column, 1)) - 1;
  auto width = count_code_points(line);
  column = std::min(column, width);
  std::string_view before, after;
  if (width > kMaxLineWidth) {
    const auto skipped = column > kLeftContext ? column - kLeftContext : 0;
    line.remove_prefix(bytes_of(line, skipped));
    line = line.substr(0, bytes_of(line, kMaxLineWidth));
    before = skipped > 0 ? "…" : "";
    after = skipped + kMaxLineWidth < width ? "…" : "";
    column = column - skipped + (skipped > 0 ? 1 : 0);
    width = count_code_points(line) + (skipped > 0 ? 1 : 0);
  }
  const auto room = width > column ? width - column : 1;
  const auto length = std::clamp<std::size_t>(diagnostic.length, 1, room);
  fmt::format_to(std::back_inserter(out), "{:5} |{}{}{}{}\n", diagnostic.position.line,
                 line.empty() ? "" : " ", before, printable(line), after);
  fmt::format_to(std::back_inserter(out), "      | {:{}}{}^{:~<{}}{}\n", "", column, palette.caret,
                 "", length - 1, palette.reset);
}

void render_one(std::string& out, const Diagnostic& diagnostic, const Palette& palette) {
  const bool is_error = diagnostic.severity == Diagnostic::Severity::error;
  if (diagnostic.file) {
    fmt::format_to(std::back_inserter(out), "{}{}:{}:{}:{} ", palette.place,
                   diagnostic.file->path(), diagnostic.position.line, diagnostic.position.column,
                   palette.reset);
  }
  fmt::format_to(std::back_inserter(out), "{}{}:{} {}\n",
                 is_error ? palette.error : palette.warning, is_error ? "error" : "warning",
                 palette.reset, diagnostic.message);
  if (diagnostic.file) render_line(out, diagnostic, palette);
  if (!diagnostic.hint.empty()) {
    fmt::format_to(std::back_inserter(out), "      {}hint:{} {}\n", palette.place, palette.reset,
                   diagnostic.hint);
  }
}

}  // namespace

SourceFile::SourceFile(std::string path, std::string text)
    : path_(std::move(path)), text_(std::move(text)), line_starts_{0} {
  for (std::size_t at = 0; at < text_.size(); ++at) {
    if (text_[at] == '\n') line_starts_.push_back(at + 1);
  }
}

std::string_view SourceFile::line(int number) const {
  if (number < 1 || static_cast<std::size_t>(number) > line_starts_.size()) return {};
  const auto index = static_cast<std::size_t>(number) - 1;
  const auto end = index + 1 < line_starts_.size() ? line_starts_[index + 1] - 1 : text_.size();
  auto found = std::string_view(text_).substr(line_starts_[index], end - line_starts_[index]);
  if (found.ends_with('\r')) found.remove_suffix(1);
  return found;
}

SourcePosition SourceFile::position(std::size_t offset) const {
  offset = std::min(offset, text_.size());
  const auto next = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const auto start = *std::prev(next);
  return {.line = static_cast<int>(next - line_starts_.begin()),
          .column = 1 + static_cast<int>(count_code_points(
                            std::string_view(text_).substr(start, offset - start)))};
}

SourcePositions::SourcePositions(std::shared_ptr<const SourceFile> file, std::vector<Run> runs)
    : file_(std::move(file)), runs_(std::make_shared<const std::vector<Run>>(std::move(runs))) {}

SourcePosition SourcePositions::position(std::size_t offset) const {
  if (!file_) return {.line = 1, .column = 1 + static_cast<int>(offset)};
  const auto next =
      std::upper_bound(runs_->begin(), runs_->end(), offset,
                       [](std::size_t wanted, const Run& run) { return wanted < run.decoded; });
  if (next == runs_->begin()) return file_->position(0);
  const auto& run = *std::prev(next);
  return file_->position(run.source + (offset - run.decoded));
}

std::string SourcePositions::place(std::size_t offset) const {
  const auto [line, column] = position(offset);
  return file_ ? fmt::format("{}:{}:{}", file_->path(), line, column)
               : fmt::format("{}:{}", line, column);
}

void Diagnostics::add(Diagnostic diagnostic) {
  if (diagnostic.severity == Diagnostic::Severity::error) ++errors_;
  items_.push_back(std::move(diagnostic));
}

namespace {

Diagnostic at(Diagnostic::Severity severity, const SourcePositions& where, std::size_t offset,
              std::size_t length, std::string message, std::string hint) {
  const auto begin = where.position(offset);
  const auto end = where.position(offset + length);
  const auto columns = end.line == begin.line && end.column > begin.column
                           ? static_cast<std::size_t>(end.column - begin.column)
                           : length;
  return {severity, where.file(), begin, columns, std::move(message), std::move(hint)};
}

}  // namespace

void Diagnostics::error(const SourcePositions& where, std::size_t offset, std::size_t length,
                        std::string message, std::string hint) {
  add(at(Diagnostic::Severity::error, where, offset, length, std::move(message), std::move(hint)));
}

void Diagnostics::warning(const SourcePositions& where, std::size_t offset, std::size_t length,
                          std::string message, std::string hint) {
  add(at(Diagnostic::Severity::warning, where, offset, length, std::move(message),
         std::move(hint)));
}

std::string Diagnostics::render(bool colour) const {
  std::vector<const Diagnostic*> ordered;
  ordered.reserve(items_.size());
  for (const auto& item : items_) ordered.push_back(&item);
  const auto path = [](const Diagnostic* item) {
    return item->file ? std::string_view(item->file->path()) : std::string_view();
  };
  std::stable_sort(ordered.begin(), ordered.end(), [&](const auto* left, const auto* right) {
    return std::pair(path(left), left->position) < std::pair(path(right), right->position);
  });
  std::string out;
  for (std::size_t i = 0; i < std::min(ordered.size(), kMaxRendered); ++i) {
    render_one(out, *ordered[i], colour ? kColour : kPlain);
  }
  if (ordered.size() > kMaxRendered) {
    fmt::format_to(std::back_inserter(out), "and {} more problems\n",
                   ordered.size() - kMaxRendered);
  }
  return out;
}

}  // namespace tba
