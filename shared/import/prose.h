#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tba::importing {

/// The first paragraph of a description's text as one line for a person: without the links and
/// emphasis of Markdown, tags of HTML, control characters and `${{`. At most about `length` bytes:
/// cut behind a sentence, or else behind a word, with an ellipsis.
std::string one_line(std::string_view text, std::size_t length);

}  // namespace tba::importing
