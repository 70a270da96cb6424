#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include "daemon/net/mail_client.h"

namespace tba::net {

/// One talk with a mail server, on the calling thread.
///
/// libcurl waits for the reply to the end of a message, and to QUIT, without giving its thread back
/// to a multi handle: hence a thread for each talk.
class MailTransfer {
 public:
  /// `ca_file`: whom it trusts; empty: the system's store. It is given up within a second after
  /// `given_up` has become true. All must outlive it.
  MailTransfer(const MailRequest& request, const std::string& ca_file,
               const std::atomic<bool>& given_up);
  MailTransfer(const MailTransfer&) = delete;
  MailTransfer& operator=(const MailTransfer&) = delete;

  /// Why the request must not be sent as it is, if so.
  static std::optional<HttpFailure> objection(const MailRequest& request);

  /// Blocks. Once.
  MailResult perform();

 private:
  static std::size_t on_reply(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_read(char* data, std::size_t size, std::size_t count, void* self);
  static int on_told(CURL*, curl_infotype type, char* data, std::size_t size, void* self);
  static int on_progress(void* self, curl_off_t, curl_off_t, curl_off_t, curl_off_t);

  void set_up(CURL* easy);
  void set_login(CURL* easy);
  void begin(std::string_view command);
  bool take_line(std::string_view line);
  bool has_login() const { return !request_.username.empty(); }
  MailResult conclude(CURLcode code) const;
  std::string why(CURLcode code) const;
  HttpFailure failure(HttpFailure::Kind kind, std::string_view why) const;

  const MailRequest& request_;
  const std::string& ca_file_;
  const std::atomic<bool>& given_up_;
  char error_[CURL_ERROR_SIZE] = "";

  MailReply reply_{.stage = MailStage::greeting, .code = 0, .text = {}, .recipient = {}};
  bool is_answered_ = false;    ///< reply_ is whole; else it is still to come.
  std::size_t recipients_ = 0;  ///< That were told.
  std::size_t bytes_read_ = 0;  ///< Of the message.
  bool is_logged_in_ = false;
  bool is_login_missing_ = false;  ///< The server went on without one.
  std::optional<std::chrono::steady_clock::time_point> quit_at_;
};

}  // namespace tba::net
