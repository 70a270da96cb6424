#include "shared/link_header.h"

#include <algorithm>

#include "shared/uri.h"

namespace tba {
namespace {

/// Reads link-values one after the other (RFC 8288 appendix B.2). A position only ever goes on, so
/// it ends with the text.
class LinkReader {
 public:
  explicit LinkReader(std::string_view text) : rest_(text) {}

  std::optional<std::string> next() {
    while (read_target()) {
      if (read_parameters()) return std::string(target_);
      if (!skip(',')) break;
    }
    return std::nullopt;
  }

 private:
  void skip_space() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t'))
      rest_.remove_prefix(1);
  }

  bool skip(char wanted) {
    skip_space();
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool read_target() {
    while (skip(',')) continue;  // empty elements (RFC 9110 section 5.6.1)
    if (!skip('<')) return false;
    const auto end = rest_.find('>');
    if (end == std::string_view::npos) return false;
    target_ = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return true;
  }

  // Whether they say that the link is to what comes next. Only the first rel counts.
  bool read_parameters() {
    bool is_next = false;
    bool has_relation = false;
    bool is_about_other = false;
    while (skip(';')) {
      const auto name = token();
      const auto value = skip('=') ? this->value() : std::string();
      if (equal_ignoring_case(name, "anchor")) is_about_other = true;
      if (!equal_ignoring_case(name, "rel") || has_relation) continue;
      has_relation = true;
      is_next = names_next(value);
    }
    return is_next && !is_about_other;
  }

  std::string_view token() {
    skip_space();
    const auto end = std::min(rest_.find_first_of(" \t=;,\""), rest_.size());
    const auto token = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return token;
  }

  std::string value() {
    if (!skip('"')) return std::string(token());
    std::string text;
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      text += rest_.front();
      rest_.remove_prefix(1);
    }
    skip('"');
    return text;
  }

  // A rel is a list of relation types, in any case.
  static bool names_next(std::string_view relations) {
    while (!relations.empty()) {
      const auto end = std::min(relations.find(' '), relations.size());
      if (equal_ignoring_case(relations.substr(0, end), "next")) return true;
      relations.remove_prefix(std::min(end + 1, relations.size()));
    }
    return false;
  }

  std::string_view rest_;
  std::string_view target_;
};

}  // namespace

std::optional<std::string> next_link(std::string_view header) {
  return LinkReader(header).next();
}

}  // namespace tba
