#include "daemon/mail/message.h"

#include <algorithm>
#include <array>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "daemon/mail/header_field.h"
#include "daemon/mail/transfer_encoding.h"
#include "shared/header_name.h"
#include "shared/lower_case.h"
#include "shared/value/utf8.h"

namespace tba::mail {
namespace {

/// What no further header may be: the message has them from its own parts.
constexpr std::array<std::string_view, 11> kOwnHeaders{
    "from", "to",         "cc",          "bcc",        "reply-to",    "subject",
    "date", "message-id", "in-reply-to", "references", "mime-version"};

// Neither can stand in what encode_text() and base64_lines() give, nor is one the other's
// beginning.
constexpr std::string_view kMixed = "=_tba-mixed";
constexpr std::string_view kAlternative = "=_tba-alternative";

constexpr std::size_t kLongestHeaderName = 54;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

bool is_printable(char c) {
  return c > ' ' && c <= '~';
}

Error invalid(std::string message, std::string hint = {}) {
  return {ErrorCode::invalid, std::move(message), std::move(hint)};
}

Result<> check_line(std::string_view what, std::string_view text) {
  if (std::ranges::none_of(text, is_control)) return {};
  return invalid(fmt::format("{} holds a line break or another control character", what),
                 "a header is one line");
}

Result<> check_id(std::string_view what, std::string_view id) {
  if (is_message_id(id)) return {};
  return invalid(fmt::format("{} is not the id of a message", what),
                 "it looks like <1234@example.com>");
}

Result<> check_header(std::string_view name, std::string_view value) {
  if (!is_header_name(name) || name.size() > kLongestHeaderName)
    return invalid(fmt::format("'{}' is not the name of a header", name));
  const auto lower = lower_case(name);
  if (lower.starts_with("content-") || std::ranges::find(kOwnHeaders, lower) != kOwnHeaders.end())
    return invalid(fmt::format("the header {} is written from the other parameters", name));
  return check_line(fmt::format("the header {}", name), value);
}

/// RFC 2045, section 5.1: type/subtype, and perhaps parameters.
Result<> check_content_type(const Attachment& attachment) {
  const auto& type = attachment.content_type;
  if (auto line = check_line("the content type of an attachment", type); !line) return line;
  const auto essence = std::string_view(type).substr(0, type.find(';'));
  const auto slash = essence.find('/');
  const bool is_one = slash != std::string_view::npos && is_header_name(essence.substr(0, slash)) &&
                      is_header_name(essence.substr(slash + 1)) && type.size() < 200 &&
                      std::ranges::all_of(type, [](char c) { return is_printable(c) || c == ' '; });
  if (!is_one) return invalid(fmt::format("'{}' is not a content type", type));
  const auto lower = lower_case(essence);
  if (!lower.starts_with("message/") && !lower.starts_with("multipart/")) return {};
  return invalid(fmt::format("an attachment cannot be of type {}, which must not be encoded", type),
                 "application/octet-stream carries any file");
}

Result<> check_people(const Message& message) {
  for (const auto* list : {&message.to, &message.cc, &message.reply_to}) {
    for (const auto& mailbox : *list) {
      if (auto line = check_line("the name of a mailbox", mailbox.name); !line) return line;
    }
  }
  return check_line("the name of the sender", message.from.name);
}

Result<> check(const Message& message) {
  if (auto people = check_people(message); !people) return people;
  if (auto line = check_line("the subject", message.subject); !line) return line;
  if (auto id = check_id("the message's own id", message.id); !id) return id;
  if (!message.in_reply_to.empty()) {
    if (auto id = check_id("what it is in reply to", message.in_reply_to); !id) return id;
  }
  for (const auto& reference : message.references) {
    if (auto id = check_id("a reference", reference); !id) return id;
  }
  for (const auto& [name, value] : message.headers) {
    if (auto header = check_header(name, value); !header) return header;
  }
  for (const auto& attachment : message.attachments) {
    auto line = check_line("the file name of an attachment", attachment.filename);
    if (!line) return line;
    if (auto type = check_content_type(attachment); !type) return type;
  }
  return {};
}

/// RFC 5322, section 3.3.
std::string date_text(Instant date) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(date).time_since_epoch().count();
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} +0000", fmt::gmtime(std::time_t{seconds}));
}

std::string head_of(const Message& message) {
  auto head = mailboxes_field("From", {message.from});
  const auto add_people = [&](std::string_view name, const std::vector<Mailbox>& people) {
    if (!people.empty()) head += mailboxes_field(name, people);
  };
  add_people("To", message.to);
  add_people("Cc", message.cc);
  add_people("Reply-To", message.reply_to);
  if (!message.subject.empty()) head += text_field("Subject", repair_utf8(message.subject));
  head += text_field("Date", date_text(message.date));
  head += words_field("Message-ID", {message.id});
  if (!message.in_reply_to.empty()) head += words_field("In-Reply-To", {message.in_reply_to});
  if (!message.references.empty()) head += words_field("References", message.references);
  for (const auto& [name, value] : message.headers) head += text_field(name, repair_utf8(value));
  return head + "MIME-Version: 1.0\r\n";
}

/// A part with its own header, as it stands in the message or in another part.
std::string text_part(std::string_view subtype, std::string_view text) {
  const auto encoded = encode_text(repair_utf8(text));
  return fmt::format(
      "Content-Type: text/{}; charset=utf-8\r\nContent-Transfer-Encoding: {}\r\n\r\n{}", subtype,
      encoded.encoding, encoded.text);
}

std::string attachment_part(const Attachment& attachment) {
  return text_field("Content-Type", attachment.content_type) +
         parameter_field("Content-Disposition", "attachment", "filename",
                         repair_utf8(attachment.filename)) +
         "Content-Transfer-Encoding: base64\r\n\r\n" + base64_lines(attachment.content);
}

/// RFC 2046, section 5.1.1. The line break before a boundary belongs to the boundary: it is the one
/// that each part ends with, but where that ends the part's header.
std::string multipart(std::string_view subtype, std::string_view boundary,
                      const std::vector<std::string>& parts) {
  auto text = fmt::format("Content-Type: multipart/{}; boundary=\"{}\"\r\n\r\n", subtype, boundary);
  for (const auto& part : parts) {
    text.append("--").append(boundary).append("\r\n").append(part);
    if (part.ends_with("\r\n\r\n")) text += "\r\n";
  }
  return text.append("--").append(boundary).append("--\r\n");
}

std::string said_part(const Message& message) {
  if (!message.html) return text_part("plain", message.text.value_or(""));
  if (!message.text) return text_part("html", *message.html);
  return multipart("alternative", kAlternative,
                   {text_part("plain", *message.text), text_part("html", *message.html)});
}

}  // namespace

bool is_message_id(std::string_view text) {
  constexpr std::size_t kLongest = 900;
  if (text.size() < 5 || text.size() > kLongest || !text.starts_with('<') || !text.ends_with('>'))
    return false;
  const auto inner = text.substr(1, text.size() - 2);
  const auto at = inner.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < inner.size() &&
         std::ranges::all_of(inner, is_printable) &&
         inner.find_first_of("<>") == std::string_view::npos;
}

Result<std::string> write_message(const Message& message) {
  if (auto checked = check(message); !checked) return checked.error();
  auto head = head_of(message);
  if (message.attachments.empty()) return std::move(head) + said_part(message);
  std::vector<std::string> parts{said_part(message)};
  for (const auto& attachment : message.attachments) parts.push_back(attachment_part(attachment));
  return std::move(head) + multipart("mixed", kMixed, parts);
}

}  // namespace tba::mail
