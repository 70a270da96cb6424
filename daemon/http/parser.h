#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <boost/beast/http/basic_parser.hpp>

#include "daemon/http/message.h"
#include "daemon/http/refusal.h"

namespace tba::http {

/// Beast's HTTP/1 parser, filling a Request: its method, target, headers and body. Trailer fields
/// are read and dropped.
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  explicit RequestParser(std::size_t max_header);

  /// Bytes from the front of `data` that were used; `error` is http::error::need_more while the
  /// header, or the message, is not complete. Stops after the header once.
  std::size_t feed(const void* data, std::size_t size, boost::beast::error_code& error);

  Request& request() { return request_; }
  bool is_http_1_0() const { return version_ == 10; }

  /// What makes the header section unacceptable by RFC 9112 (sections 3.2 and 6) though it parses:
  /// the refusal, or nothing. Requires: is_header_done().
  std::optional<Refusal> framing_refusal() const;

 private:
  using Field = boost::beast::http::field;
  using ErrorCode = boost::beast::error_code;
  using View = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb, View method, View target, int version,
                       ErrorCode&) override;
  void on_response_impl(int, View, int, ErrorCode&) override {}
  void on_field_impl(Field field, View name, View value, ErrorCode&) override;
  void on_header_impl(ErrorCode&) override { in_header_ = false; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode&) override;
  std::size_t on_body_impl(View body, ErrorCode&) override;
  void on_chunk_header_impl(std::uint64_t, View, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View body, ErrorCode&) override;
  void on_finish_impl(ErrorCode&) override {}

  Request request_;
  int version_ = 11;
  int hosts_ = 0;
  bool in_header_ = true;
};

}  // namespace tba::http
