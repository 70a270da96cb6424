#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/mail/address.h"
#include "shared/clock.h"
#include "shared/error.h"

namespace tba::mail {

/// A file that goes with a message.
struct Attachment {
  std::string filename;
  std::string content_type;  ///< "text/csv"
  std::string content;       ///< Its bytes.
};

/// A message as people think of it. Who gets it without being named (Bcc) is no part of it.
struct Message {
  Mailbox from;
  std::vector<Mailbox> to;
  std::vector<Mailbox> cc;
  std::vector<Mailbox> reply_to;
  std::string subject;              ///< Or empty.
  std::optional<std::string> text;  ///< What it says, in UTF-8, with line breaks of any kind.
  std::optional<std::string> html;  ///< The same for who reads HTML.
  std::vector<Attachment> attachments;
  std::string in_reply_to;  ///< The id of the message that it answers: "<…>"; or empty.
  std::vector<std::string> references;  ///< Those of the conversation before it.
  std::vector<std::pair<std::string, std::string>> headers;  ///< Further ones.
  std::string id;                                            ///< Its own: "<…@example.com>".
  Instant date;
};

/// The message as it is sent (RFC 5322, MIME by RFC 2045 to 2047): ASCII in lines that end with
/// CRLF, none of which is longer than 998 characters or begins with a dot. One message is always
/// written alike.
///
/// Error (`invalid`), so that nobody can slip further headers into one: a line break or another
/// control character in what goes into a header; a further header that is none or that the message
/// writes itself; a message id or content type that is none.
Result<std::string> write_message(const Message& message);

/// Whether the text is a message id (RFC 5322, section 3.6.4): "<left@right>".
bool is_message_id(std::string_view text);

}  // namespace tba::mail
