#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "daemon/net/mail_client.h"

namespace tba::net {

/// How much the mailer does at a time, and whom it trusts.
struct CurlMailerOptions {
  std::size_t requests_to_server = 4;  ///< At a time; further ones wait for their turn, in order.
  std::size_t requests = 16;           ///< In all: each has a thread as long as it takes.
  std::string ca_file = {};            ///< PEM bundle of trusted roots; empty: the system's store.
};

/// The daemon's mail client: libcurl, a connection and a thread for each message that is under way
/// (see MailTransfer). Threads are started when they are first needed.
class CurlMailer final : public MailClient {
 public:
  explicit CurlMailer(CurlMailerOptions options = {});
  ~CurlMailer() override;  ///< Stops.

  /// Completes everything with `stopping`, what is under way within a second, and ends the threads.
  /// Executors of coroutines that await send() must still exist. What is sent afterwards fails
  /// likewise. Belongs to the owner's thread; send() may be called from any.
  void stop();

  boost::asio::awaitable<MailResult> send(MailRequest request) override;

 private:
  class Office;
  std::shared_ptr<Office> office_;
};

}  // namespace tba::net
