#pragma once

#include <string>
#include <string_view>

namespace tba {

/// One of the values that a credential consists of.
struct CredentialField {
  std::string name;
  std::string prompt;       ///< What people are asked for: "User name".
  bool is_secret = true;    ///< A user's name is sealed like everything else, but not masked.
  bool is_required = true;  ///< Otherwise people are not asked for it, but may give it.
  bool may_be_empty = false;
  bool has_lines = false;  ///< It is a text of several lines, as PEM (RFC 7468) is.
  bool is_sent = true;     ///< In a header or a URL, so that it has no control characters.
};

/// What is known of a field of that name, whichever type of credential it belongs to. Of a name
/// that is not known: a secret of one line.
CredentialField field_named(std::string_view name);

/// The same for one that need not be there.
CredentialField optional_field(std::string_view name);

}  // namespace tba
