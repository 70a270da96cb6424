// Heads of requests: whatever the bytes, reading them ends, gives the same however they are cut
// into pieces, and no header holds what could end its line.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <boost/beast/http/error.hpp>

#include "daemon/http/media_type.h"
#include "daemon/http/parser.h"
#include "daemon/http/target.h"

namespace {

using tba::http::RequestParser;

constexpr std::size_t kMostHeader = 16 << 10;
constexpr std::size_t kMostBody = 64 << 10;

/// Feeds the parser as a connection does. False where it refuses what it gets.
bool read(RequestParser& parser, std::string_view text, std::size_t piece) {
  std::string buffer;
  while (!text.empty() && !parser.is_done()) {
    buffer.append(text.substr(0, piece));
    text.remove_prefix(std::min(piece, text.size()));
    std::size_t before = 0;
    do {
      before = buffer.size();
      boost::beast::error_code error;
      buffer.erase(0, parser.feed(buffer.data(), buffer.size(), error));
      if (error && error != boost::beast::http::error::need_more) return false;
      if (parser.is_header_done()) parser.body_limit(kMostBody);
    } while (!buffer.empty() && buffer.size() < before && !parser.is_done());
  }
  return true;
}

void check(RequestParser& parser) {
  const auto& request = parser.request();
  for (const auto& [name, value] : request.headers) {
    if (name.empty() || name.find_first_of(" :\r\n") != std::string::npos) std::abort();
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) std::abort();
  }
  if (const auto refusal = parser.framing_refusal(); refusal && refusal->answer.status < 400)
    std::abort();
  (void)tba::http::Target::parse(request.target);
  (void)tba::http::MediaType::parse(request.headers.find("Content-Type").value_or(""));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (size == 0 || size > kMostHeader / 2) return 0;
  RequestParser whole(kMostHeader);
  // What is not whole yet may be refused sooner or later.
  const bool is_whole = read(whole, text, size) && whole.is_done();
  for (const std::size_t piece : {std::size_t{1}, 1 + data[size / 2] % size}) {
    RequestParser parts(kMostHeader);
    if ((read(parts, text, piece) && parts.is_done()) != is_whole) std::abort();
    if (!is_whole) continue;
    if (parts.request().headers.fields() != whole.request().headers.fields()) std::abort();
    if (parts.request().target != whole.request().target) std::abort();
    if (parts.request().body != whole.request().body) std::abort();
  }
  if (is_whole) check(whole);
  return 0;
}
