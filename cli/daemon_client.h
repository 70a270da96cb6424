#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/error.h"
#include "cli/event_stream.h"
#include "cli/json.h"
#include "shared/value/value.h"

namespace tba::cli {

/// Speaks the daemon's API over its unix socket, one connection for each request. Blocking; cheap
/// to copy. Paths are below /api/v1 and begin with a slash; their parts must be percent-encoded.
///
/// Failures: nobody on the socket → no_daemon; a problem document → its detail, hint and
/// diagnostics under the exit code of its status; an answer that is not what the API promises →
/// failed.
class DaemonClient {
 public:
  using Query = std::vector<std::pair<std::string, std::string>>;

  /// `start_hint` is what a person is told where nobody answers.
  DaemonClient(std::string socket_path, std::string start_hint);

  const std::string& socket_path() const { return socket_path_; }

  /// The same, for what may take hours: it waits as long as the connection is there.
  DaemonClient patient() const;

  /// A JSON object.
  Outcome<Json> get(std::string_view path, const Query& query = {}) const;

  /// The same as a value whose integers keep all their digits.
  Outcome<Value> get_value(std::string_view path, const Query& query = {}) const;

  /// An object whose member `items` is an array of objects.
  Outcome<Json> list(std::string_view path, const Query& query = {}) const;

  /// The JSON object of the answer; an empty one where the answer has no body.
  Outcome<Json> post(std::string_view path, const Json& body) const;
  Outcome<Json> put(std::string_view path, const Json& body) const;
  Outcome<Json> remove(std::string_view path) const;

  /// Reads a server-sent event stream until its end, or until `on_event` gives false. An error is
  /// a stream that could not begin; one that broke off ends like any other.
  Outcome<> follow(std::string_view path,
                   const std::function<bool(const ServerEvent&)>& on_event) const;

  /// Whether a daemon answers on the socket that it is ready (GET /readyz).
  bool is_ready() const;

 private:
  Outcome<Json> send(std::string_view method, std::string target, const Json* body) const;
  Outcome<std::string> exchange(std::string_view method, const std::string& target,
                                const Json* body) const;
  CliError nobody_answers() const;

  std::string socket_path_;
  std::string start_hint_;
  int answer_seconds_;  // how long an answer may take
};

}  // namespace tba::cli
