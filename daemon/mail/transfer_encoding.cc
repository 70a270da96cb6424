#include "daemon/mail/transfer_encoding.h"

#include <algorithm>

#include <fmt/format.h>

#include "daemon/vault/base64.h"

namespace tba::mail {
namespace {

constexpr std::size_t kLineLength = 76;

/// The text's first line, without its line break, which is taken off with it.
std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find_first_of("\r\n"), text.size());
  const auto line = text.substr(0, end);
  const std::size_t line_break = text.substr(end).starts_with("\r\n") ? 2 : 1;
  text.remove_prefix(std::min(end + line_break, text.size()));
  return line;
}

bool is_printable(char c) {
  return c >= ' ' && c <= '~';
}

bool is_plain_line(std::string_view line) {
  return line.size() <= kLineLength && !line.starts_with('.') && !line.ends_with(' ') &&
         line.find("=_") == std::string_view::npos && std::ranges::all_of(line, is_printable);
}

/// One line of any length, with its line break.
void append_quoted(std::string& out, std::string_view line) {
  std::size_t column = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool is_last = i + 1 == line.size();
    const bool is_literal =
        is_printable(c) && c != '=' && !(c == ' ' && is_last) && !(c == '.' && column == 0);
    const std::size_t width = is_literal ? 1 : 3;
    if (column + width > kLineLength - (is_last ? 0 : 1)) {
      out += "=\r\n";
      column = 0;
      --i;  // it may have to be written another way there
      continue;
    }
    if (is_literal) {
      out += c;
    } else {
      out += fmt::format("={:02X}", static_cast<unsigned char>(c));
    }
    column += width;
  }
  out += "\r\n";
}

/// Whether base64 is shorter: it adds a third, the other two bytes for each that is not ASCII.
bool is_mostly_foreign(std::string_view text) {
  const auto foreign =
      std::ranges::count_if(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  return static_cast<std::size_t>(foreign) * 6 > text.size();
}

std::string with_crlf(std::string_view text) {
  std::string lines;
  while (!text.empty()) lines.append(take_line(text)).append("\r\n");
  return lines;
}

}  // namespace

EncodedText encode_text(std::string_view text) {
  bool is_plain = true;
  for (auto left = text; !left.empty() && is_plain;) is_plain = is_plain_line(take_line(left));
  if (is_plain) return {"7bit", with_crlf(text)};
  if (is_mostly_foreign(text)) return {"base64", base64_lines(with_crlf(text))};
  return {"quoted-printable", quoted_printable(text)};
}

std::string base64_lines(std::string_view bytes) {
  constexpr std::size_t kLineBytes = kLineLength / 4 * 3;
  std::string lines;
  lines.reserve(bytes.size() / kLineBytes * (kLineLength + 2) + kLineLength + 2);
  for (std::size_t at = 0; at < bytes.size(); at += kLineBytes)
    lines.append(vault::base64(bytes.substr(at, kLineBytes))).append("\r\n");
  return lines;
}

std::string quoted_printable(std::string_view text) {
  std::string lines;
  while (!text.empty()) append_quoted(lines, take_line(text));
  return lines;
}

}  // namespace tba::mail
