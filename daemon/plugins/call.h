#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "daemon/engine/attempt.h"
#include "shared/value/value.h"

namespace tba::plugins {

/// How long a call may take where its step does not say; as a request of an API.
inline constexpr std::chrono::milliseconds kCallTimeout{60'000};

/// A call of an endpoint, checked and ready to be handed to the program of its plugin.
struct Call {
  std::string plugin;
  std::string endpoint;
  Value with;                   ///< An object.
  Value credential;             ///< {name, scheme, type, base_url, fields}, or null. Never shown.
  std::string idempotency_key;  ///< Or empty.
  std::chrono::milliseconds timeout = kCallTimeout;
};

/// Has plugins called. A seam: tests of what stands above give a scripted one.
class Caller {
 public:
  virtual ~Caller() = default;

  /// May be called from any thread. Terminal cancellation has the program told; it then has a
  /// moment to say what became of the call.
  virtual boost::asio::awaitable<engine::AttemptOutcome> call(Call call) = 0;
};

}  // namespace tba::plugins
