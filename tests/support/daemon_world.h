#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "daemon/api/services.h"
#include "daemon/http/event_stream.h"
#include "daemon/http/message.h"
#include "daemon/http/route.h"
#include "daemon/vault/live_secrets.h"
#include "shared/value/value.h"
#include "tests/support/engine_world.h"
#include "tests/support/scripted_http_client.h"
#include "tests/support/scripted_mail_client.h"
#include "tests/support/scripted_plugins.h"
#include "tests/support/scripted_processes.h"

namespace tba::tests {

/// What a request to the daemon was answered.
struct Reply {
  int status = 0;
  http::Headers headers;
  std::string text;
  Value body;  ///< Null where the text is no JSON.

  /// The member of the body at that path ("items.0.name"), or null.
  Value at(std::string_view path) const;
  /// The same as compact JSON.
  std::string json(std::string_view path) const;
};

/// The names of an object's members, in order.
std::vector<std::string> keys(const Value& object);

/// A stream of server-sent events that a test reads.
struct Watch {
  std::vector<http::Event> events;
  bool client_is_gone = false;
  bool ended = false;

  /// From now on the next event is not taken before take_on().
  void hesitate() { hesitates_ = true; }
  void take_on();
  boost::asio::awaitable<void> until_taken();

  /// The names of the events, one after the other.
  std::vector<std::string> names() const;
  /// The data of the n-th event.
  Value data(std::size_t n) const;

 private:
  bool hesitates_ = false;
  std::optional<boost::asio::steady_timer> taken_;
};

/// Everything of a daemon that stands behind its HTTP server, on one thread: files, vault,
/// webhooks, schedules, API, engine and store are real; time, attempts, outgoing requests and
/// crashes are in the test's hands.
class DaemonWorld {
 public:
  DaemonWorld();
  ~DaemonWorld();

  /// Writes "workflows/<name>.yaml" and has the daemon read its files, which must have no errors.
  void workflow(const std::string& name, const std::string& text);
  void reload();

  /// Stores a credential for a built-in connector: its `token` or a webhook's secret.
  void credential(const std::string& name, const std::string& scheme, const std::string& secret,
                  const std::string& connector = "github");

  /// Has a route answer the request, as the server would.
  Reply call(const std::string& method, const std::string& target, std::string body = {},
             http::Headers headers = {});
  Reply get(const std::string& target) { return call("GET", target); }
  Reply post(const std::string& target, std::string body = {}, http::Headers headers = {}) {
    return call("POST", target, std::move(body), std::move(headers));
  }

  /// Opens a stream and reads its first events.
  std::shared_ptr<Watch> watch(const std::string& target);

  /// Lets time pass; alarms ring on the way, at their instants.
  void pass(Duration time);
  /// Sets the clock, forward or back, as an administrator does or a sleep of the machine.
  void set_clock(Duration forward);
  /// Rings the alarm of the schedules if its instant has come; nothing that follows is carried out
  /// yet.
  void ring();
  /// The daemon dies and another one starts on the same home.
  void restart();

  const std::vector<http::Route>& routes();
  daemon::Workflows& workflows();
  vault::Credentials& credentials();
  triggers::Scheduler& scheduler();
  triggers::Poller& poller();
  triggers::EventStarts& event_starts();

  EngineWorld engine;
  ScriptedHttpClient http;
  ScriptedMailClient mail;
  ScriptedProcesses processes;
  ScriptedPlugins plugins;
  plugins::PluginState plugin_state;  ///< Of every plugin.
  std::string client = "192.0.2.7";   ///< From where requests come.
  bool stopping = false;
  std::optional<retention::Pruner::Round> last_pruning;

 private:
  struct Parts;
  http::Response respond(const std::string& method, const std::string& target, std::string body,
                         http::Headers headers);

  std::unique_ptr<daemon::Log> log_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace tba::tests
