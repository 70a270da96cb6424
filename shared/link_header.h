#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tba {

/// The target of the first link with the relation `next` in a header Link (RFC 8288 section 3),
/// several of them joined by commas, as it is written there: a URI or a reference to one. Links
/// about something else than the answer itself (`anchor`) are passed over. Nothing where there is
/// none; what is malformed ends the reading.
std::optional<std::string> next_link(std::string_view header);

}  // namespace tba
