#pragma once

#include <string_view>

#include "shared/value/value.h"

/// What may be a secret, by its looks: it must not get into a connector file, where somebody would
/// commit it. Rather too much than too little: what is taken for one has to be given by calls.
namespace tba::importing {

/// Whether what has that name is likely a secret: "X-Api-Key", "client_secret", "accessToken"; not
/// "page_token" or "max_tokens".
bool names_secret(std::string_view name);

/// Whether a text looks like one: it begins as the tokens of well-known APIs do, is a JSON Web
/// Token (RFC 7519), or long, without blanks, and of capitals, small letters and digits.
bool looks_secret(std::string_view text);

/// Whether the value, or anything inside of it, is named or looks like one.
bool holds_secret(std::string_view name, const Value& value);

}  // namespace tba::importing
