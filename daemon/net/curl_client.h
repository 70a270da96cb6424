#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "daemon/net/http_client.h"
#include "shared/error.h"

namespace tba::net {

/// How much the client does at a time, and whom it trusts.
struct CurlClientOptions {
  std::size_t requests_to_origin = 128;  ///< At a time; further ones wait for their turn, in order.
  std::size_t requests = 1024;           ///< In all; origins take turns.
  std::string ca_file = {};  ///< PEM bundle of trusted roots; empty: the system's store.
};

/// The daemon's HTTP client: libcurl's multi interface on a thread of its own, so that requests in
/// flight cost no threads, and those that wait for their turn nothing but themselves. Keeps
/// connections alive and shares them; HTTP/2 where TLS offers it; proxies as the environment says
/// (https_proxy, no_proxy; see curl(1)), but never to the machine itself.
///
/// start() and stop() belong to the owner's thread; send() may be called from any.
class CurlClient final : public HttpClient {
 public:
  explicit CurlClient(CurlClientOptions options = {});
  ~CurlClient() override;  ///< Stops.

  /// Starts the thread. Requires: not started before. Error: `internal` where the system gives no
  /// more threads or descriptors.
  Result<> start();

  /// Completes everything in flight with `stopping` and ends the thread. Executors of coroutines
  /// that await send() must still exist. What is sent afterwards fails with `stopping`.
  void stop();

  boost::asio::awaitable<HttpResult> send(HttpRequest request) override;

 private:
  class Loop;
  std::shared_ptr<Loop> loop_;
};

}  // namespace tba::net
