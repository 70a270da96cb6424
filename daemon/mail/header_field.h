#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/mail/address.h"

/// Fields of a message's header (RFC 5322, section 2.2), each with the line break at its end. What
/// is not ASCII is encoded, and lines are folded to 78 characters where there is a place to fold
/// them. No function is given control characters: see write_message().
namespace tba::mail {

/// A field whose value is text: what is not plain ASCII becomes encoded words (RFC 2047).
std::string text_field(std::string_view name, std::string_view value);

/// A field that lists mailboxes; a name that is not plain ASCII becomes encoded words.
std::string mailboxes_field(std::string_view name, const std::vector<Mailbox>& mailboxes);

/// A field whose words are left as they are, folded between them. Requires: ASCII.
std::string words_field(std::string_view name, const std::vector<std::string>& words);

/// A field with a value and one parameter (RFC 2045, section 5.1); a parameter that is long or not
/// ASCII is written as RFC 2231 says.
std::string parameter_field(std::string_view name, std::string_view value,
                            std::string_view parameter, std::string_view text);

}  // namespace tba::mail
