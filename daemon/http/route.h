#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "daemon/http/message.h"
#include "daemon/http/refusal.h"

namespace tba::http {

/// Answers one request. It runs on the server's executor and must not block it. An exception that
/// leaves it is a bug: it is logged and answered with 500, without its text. At the route's
/// deadline, and when a stopping server's grace is over, the handler's coroutine is cancelled
/// (terminal).
using Handler = std::function<boost::asio::awaitable<Response>(Request)>;

/// Looks at a request of which only the header is there: nothing where its body is wanted, or why
/// it is not. So nobody can make the daemon keep a body that it would not look at. Runs on the
/// server's executor. An exception that leaves it is a bug, as with a Handler.
using Doorkeeper = std::function<std::optional<Refusal>(const Request&)>;

/// Hears of a request that was refused in the route's name: by its Doorkeeper, or by the server
/// because its method fits no handler, its body is too large or was cut short, too many bodies are
/// there already, or the server is stopping. `request` has no body; the refusal's answer is sent
/// when this has ended. Runs as a Handler does.
using RefusalListener = std::function<boost::asio::awaitable<void>(Request, const Refusal&)>;

/// From where a route can be reached.
enum class Reach {
  local,     ///< The unix socket only; on TCP it does not exist (404).
  anywhere,  ///< The unix socket and TCP.
};

/// One line of the table that a server serves.
struct Route {
  std::string method;  ///< Upper case. A GET serves HEAD too.
  /// "/api/v1/runs/{id}": `{name}` stands for one segment that is not empty, `{name*}`, only as the
  /// last, for the rest of the path. Of several patterns that match, the one with a literal at the
  /// first segment where they differ is taken, then `{name}`, then `{name*}`.
  std::string pattern;
  Reach reach = Reach::local;
  Handler handler;
  std::size_t max_body = 0;               ///< Bytes; 0: the server's own limit.
  std::chrono::milliseconds deadline{0};  ///< For the handler; 0: the server's own.
  bool while_stopping = false;            ///< Served, not answered with 503, while draining.
  Doorkeeper admits;                      ///< Or empty: any header does.
  RefusalListener on_refused;             ///< Or empty.
};

}  // namespace tba::http
