#pragma once

#include <string>
#include <string_view>

/// How bytes are written where a message has room for short lines of ASCII only (RFC 2045, section
/// 6).
namespace tba::mail {

/// Text as it is sent, and the Content-Transfer-Encoding that says how.
struct EncodedText {
  std::string_view encoding;  ///< "7bit", "quoted-printable" or "base64".
  std::string text;           ///< Ends with a line break, unless it is empty.
};

/// A text in UTF-8 in the encoding that leaves most of it readable. Whatever its line breaks are,
/// CRLF are sent. What is sent has no "=_", and no line that begins with a dot.
EncodedText encode_text(std::string_view text);

/// Base64 in lines of 76 characters (RFC 2045, section 6.8).
std::string base64_lines(std::string_view bytes);

/// Section 6.7. Line breaks are CRLF or single LF or CR, and sent as CRLF.
std::string quoted_printable(std::string_view text);

}  // namespace tba::mail
