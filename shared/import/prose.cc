#include "shared/import/prose.h"

#include <algorithm>

namespace tba::importing {
namespace {

// So much is looked at; descriptions hold whole manuals.
constexpr std::size_t kMostText = 4000;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The text without tags: `<p>`, `</a>`, `<br/>`.
std::string without_tags(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const char next = text.size() > 1 ? text[1] : ' ';
    const bool may_be_tag = text.front() == '<' && (is_letter(next) || next == '/');
    const auto end = may_be_tag ? text.find('>') : std::string_view::npos;
    if (end != std::string_view::npos) {
      text.remove_prefix(end + 1);
      result += ' ';
    } else {
      result += text.front();
      text.remove_prefix(1);
    }
  }
  return result;
}

// The text with "[words](where)" as "words", and without asterisks that stand in pairs.
std::string without_markdown(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto middle = text.front() == '[' ? text.find("](") : std::string_view::npos;
    const auto end = middle == std::string_view::npos ? middle : text.find(')', middle);
    if (end != std::string_view::npos && text.find('[', 1) > middle) {
      result += text.substr(1, middle - 1);
      text.remove_prefix(end + 1);
    } else if (text.starts_with("**")) {
      text.remove_prefix(2);
    } else {
      result += text.front();
      text.remove_prefix(1);
    }
  }
  return result;
}

// The first paragraph, white space as single blanks.
std::string paragraph(std::string_view text) {
  std::string line;
  int breaks = 0;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '\n') ++breaks;
    if (breaks > 1 && !line.empty()) break;
    if (code > 0x20 && code != 0x7f) {
      line += c;
      breaks = 0;
    } else if (!line.empty() && !line.ends_with(' ')) {
      line += ' ';
    }
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

void cut(std::string& line, std::size_t length) {
  if (line.size() <= length) return;
  if (const auto sentence = line.rfind(". ", length - 1);
      sentence != std::string::npos && sentence >= length / 3) {
    line.resize(sentence + 1);
    return;
  }
  auto end = line.rfind(' ', length);
  if (end == std::string::npos || end < length / 2) end = length;
  while ((static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80) --end;  // not inside a character
  line.resize(end);
  line += "…";
}

}  // namespace

std::string one_line(std::string_view text, std::size_t length) {
  auto line = paragraph(without_markdown(without_tags(text.substr(0, kMostText))));
  for (auto at = line.find("${{"); at != std::string::npos; at = line.find("${{"))
    line.erase(at, 1);
  cut(line, length);
  return line;
}

}  // namespace tba::importing
