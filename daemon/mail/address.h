#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/error.h"

namespace tba::mail {

/// One who sends or gets mail.
struct Mailbox {
  std::string name;     ///< As people read it, in UTF-8; or empty.
  std::string address;  ///< "ann@example.com", in ASCII.

  bool operator==(const Mailbox&) const = default;
};

/// The mailboxes that a text lists with commas between them: `ann@example.com`,
/// `Ann Lee <ann@example.com>` or `"Lee, Ann" <ann@example.com>` (RFC 5322, section 3.4, without
/// groups, comments and routes). A name may hold any text of one line.
///
/// Error (`invalid`): what is none. Addresses beyond ASCII (RFC 6531) are none, as few servers take
/// them.
Result<std::vector<Mailbox>> parse_mailboxes(std::string_view text);

/// The part of an address behind its last '@'.
std::string_view domain_of(std::string_view address);

}  // namespace tba::mail
