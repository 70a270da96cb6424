#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <curl/curl.h>

#include "daemon/net/curl_handles.h"
#include "daemon/net/http_client.h"

namespace tba::net {

/// Called once with the outcome of a request.
using HttpHandler = boost::asio::any_completion_handler<void(HttpResult)>;

/// A handle with all the options that no request changes: whom it trusts (empty: the system's
/// store), whom it reaches without a proxy (as libcurl's CURLOPT_NOPROXY). Null: out of memory.
Easy make_easy(const std::string& ca_file, const std::string& unproxied_hosts);

/// One request on its way: what libcurl reads from and writes to while it performs it. Belongs to
/// the client's thread from its submission on, where nothing else is said.
class Transfer {
 public:
  /// On any thread. The handler is called on the executor.
  Transfer(HttpRequest request, boost::asio::any_io_executor executor, HttpHandler handler);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  /// Why the request must not be sent as it is, if so. On any thread, before submission.
  std::optional<HttpFailure> objection() const;

  /// The origin that the request goes to at first, as text.
  const std::string& origin() const { return origin_; }

  /// Whether no handle will do that was used before: one remembers the nonce of any challenge that
  /// it has met, and would answer that one.
  bool needs_new_handle() const { return request_.digest_login.has_value(); }

  /// Takes over an idle handle and sets it up for the request, whose time begins.
  void prepare(Easy easy);
  /// Gives the handle back, for another transfer; null where it has had a login.
  Easy release();
  CURL* easy() const { return easy_.get(); }

  /// After libcurl is done: the outcome, or nothing if a redirect is to be followed and the handle
  /// is set up for it.
  std::optional<HttpResult> conclude(CURLcode code);

  /// A failure of this request as it now stands: says whether it was sent.
  HttpFailure failure(HttpFailure::Kind kind, std::string_view why) const;

  /// Posts the call of the handler. Requires: not called before.
  void complete(HttpResult result);
  bool is_complete() const { return !handler_; }

  /// Where the client's list of active transfers holds this one.
  std::size_t position = 0;

 private:
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static int before_request(void* self, char*, char*, int, int);

  void set_up();
  void show_certificate(const ClientCertificate* shown);
  void use_login(const Login* login);
  void note_challenge();
  bool was_sent() const;
  HttpResult response();
  HttpFailure failure(CURLcode code) const;
  std::optional<HttpFailure> redirect(int status, const char* url);

  friend Easy make_easy(const std::string& ca_file, const std::string& unproxied_hosts);

  HttpRequest request_;
  const std::string origin_;
  boost::asio::any_io_executor executor_;
  HttpHandler handler_;
  std::chrono::steady_clock::time_point deadline_;
  Easy easy_;
  Slist fields_;
  char error_[CURL_ERROR_SIZE] = "";

  HttpResponse response_;
  std::size_t header_bytes_ = 0;
  bool head_complete_ = false;
  int redirects_ = 0;
  bool has_used_login_ = false;
  bool begun_ = false;           ///< libcurl has begun to send the present request.
  long asking_bytes_ = 0;        ///< That were sent only to be asked who calls.
  bool resend_refused_ = false;  ///< libcurl wanted to send it a second time.
  std::string_view too_large_;   ///< What of the answer was, or empty.
};

}  // namespace tba::net
