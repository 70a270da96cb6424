#include "daemon/mail/address.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace tba::mail {
namespace {

// RFC 5321, section 4.5.3.1.
constexpr std::size_t kLongestLocalPart = 64;
constexpr std::size_t kLongestDomain = 255;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// RFC 5322, section 3.2.3.
bool is_atom_character(char c) {
  return is_alphanumeric(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string::npos;
}

/// Whether the text is parts of such characters with single dots between them.
bool is_dotted(std::string_view text, bool (*is_allowed)(char)) {
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  if (text.find("..") != std::string_view::npos) return false;
  return std::ranges::all_of(text, [&](char c) { return c == '.' || is_allowed(c); });
}

bool is_domain(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) {  // an IP address
    return text.size() > 2 && std::ranges::all_of(text.substr(1, text.size() - 2), [](char c) {
             return is_alphanumeric(c) || c == '.' || c == ':' || c == '-';
           });
  }
  return is_dotted(text, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Error invalid(std::string message, std::string hint = {}) {
  return {ErrorCode::invalid, std::move(message), std::move(hint)};
}

Error no_address(std::string_view text) {
  const bool is_ascii =
      std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (is_ascii) {
    return invalid(fmt::format("'{}' is not an e-mail address", text),
                   "write name@example.com or Name <name@example.com>");
  }
  return invalid(fmt::format("the address '{}' has characters that mail servers do not take", text),
                 "write its domain as xn--...; before the '@' there can only be ASCII");
}

Result<std::string> read_address(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return no_address(text);
  const auto local = text.substr(0, at);
  const auto domain = text.substr(at + 1);
  if (!is_dotted(local, is_atom_character) || local.size() > kLongestLocalPart ||
      !is_domain(domain) || domain.size() > kLongestDomain)
    return no_address(text);
  return std::string(text);
}

/// What a quoted string says (RFC 5322, section 3.2.4); nothing where the text is none.
std::optional<std::string> unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::nullopt;
  std::string said;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '"') return std::nullopt;
    if (text[i] == '\\' && ++i + 1 == text.size()) return std::nullopt;
    said += text[i];
  }
  return said;
}

Result<Mailbox> read_mailbox(std::string_view text) {
  text = trimmed(text);
  if (!text.ends_with('>')) {
    auto address = read_address(text);
    if (!address) return address.error();
    return Mailbox{"", *std::move(address)};
  }
  const auto open = text.rfind('<');
  if (open == std::string_view::npos) return no_address(text);
  auto address = read_address(trimmed(text.substr(open + 1, text.size() - open - 2)));
  if (!address) return address.error();
  const auto name = trimmed(text.substr(0, open));
  if (!name.starts_with('"')) return Mailbox{std::string(name), *std::move(address)};
  auto said = unquoted(name);
  if (!said) return invalid(fmt::format("the name in '{}' is not quoted to its end", text));
  return Mailbox{*std::move(said), *std::move(address)};
}

/// Where the first mailbox of the text ends: at a comma that is not within quotes, or its end.
std::size_t end_of_first(std::string_view text) {
  bool is_quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_quoted && text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      is_quoted = !is_quoted;
    } else if (text[i] == ',' && !is_quoted) {
      return i;
    }
  }
  return text.size();
}

}  // namespace

Result<std::vector<Mailbox>> parse_mailboxes(std::string_view text) {
  if (std::ranges::any_of(text, is_control))
    return invalid("it holds a line break or another control character");
  std::vector<Mailbox> mailboxes;
  while (true) {
    const auto end = end_of_first(text);
    auto mailbox = read_mailbox(text.substr(0, end));
    if (!mailbox) return mailbox.error();
    mailboxes.push_back(*std::move(mailbox));
    if (end == text.size()) return mailboxes;
    text.remove_prefix(end + 1);
  }
}

std::string_view domain_of(std::string_view address) {
  return address.substr(address.rfind('@') + 1);
}

}  // namespace tba::mail
