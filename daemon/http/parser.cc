#include "daemon/http/parser.h"

#include <algorithm>

#include <boost/beast/core/string.hpp>

namespace tba::http {
namespace {

// A body's memory is reserved up to this much before its bytes have come.
constexpr std::uint64_t kMaxReserve = 64 << 10;

}  // namespace

RequestParser::RequestParser(std::size_t max_header) {
  header_limit(static_cast<std::uint32_t>(max_header));
  body_limit(boost::none);  // decided once the route is known
  request_.headers.reserve(16);
}

std::size_t RequestParser::feed(const void* data, std::size_t size, ErrorCode& error) {
  eager(is_header_done());
  return put(boost::asio::const_buffer(data, size), error);
}

std::optional<Refusal> RequestParser::framing_refusal() const {
  if (hosts_ > 1 || (hosts_ == 0 && version_ == 11)) {
    return refusal(400, "bad_request", "the request needs exactly one Host field");
  }
  if (const auto coding = request_.headers.find("Transfer-Encoding")) {
    if (version_ == 10) {
      return refusal(400, "bad_request", "HTTP/1.0 has no Transfer-Encoding");
    }
    if (!boost::beast::iequals(*coding, "chunked")) {
      return refusal(501, "transfer_encoding", "the only transfer coding known is 'chunked'");
    }
  }
  return std::nullopt;
}

void RequestParser::on_request_impl(boost::beast::http::verb, View method, View target, int version,
                                    ErrorCode&) {
  request_.method.assign(method.data(), method.size());
  request_.target.assign(target.data(), target.size());
  version_ = version;
}

void RequestParser::on_field_impl(Field field, View name, View value, ErrorCode&) {
  if (!in_header_) return;  // a trailer must not pass for a header field
  if (field == Field::host) ++hosts_;
  request_.headers.add(std::string(name), std::string(value));
}

void RequestParser::on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode&) {
  if (length) request_.body.reserve(static_cast<std::size_t>(std::min(*length, kMaxReserve)));
}

std::size_t RequestParser::on_body_impl(View body, ErrorCode&) {
  request_.body.append(body.data(), body.size());
  return body.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, View body, ErrorCode&) {
  request_.body.append(body.data(), body.size());
  return body.size();
}

}  // namespace tba::http
