#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "daemon/engine/alarm.h"
#include "daemon/log.h"
#include "daemon/plugins/call.h"
#include "daemon/plugins/plugin.h"
#include "daemon/steps/process.h"
#include "daemon/task_group.h"
#include "shared/clock.h"

namespace tba::plugins {

/// The plugins whose endpoints have been called since the daemon started: one program each, started
/// by the first call.
class PluginHost final : public Caller {
 public:
  /// What it needs from outside; all must outlive it.
  struct Environment {
    boost::asio::any_io_executor executor;  ///< Runs one handler at a time.
    steps::ProcessRunner& processes;
    engine::Alarm& alarm;  ///< Rings on the executor.
    const Clock& clock;
    daemon::Log& log;
    /// The connector of that name as it is now, or null. Called from any thread.
    std::function<std::shared_ptr<const Connector>(const std::string& name)> find;
  };

  explicit PluginHost(Environment environment);

  boost::asio::awaitable<engine::AttemptOutcome> call(Call call) override;

  /// Lets programs end whose manifest is another now, or gone. May be called from any thread,
  /// before stop().
  void look_at_manifests();

  /// Has the programs end, those that do not in good time by force. No call must come any more. May
  /// be called from any thread.
  boost::asio::awaitable<void> stop();

  /// How the plugin of that name is. May be called from any thread.
  PluginState state_of(const std::string& name) const;

 private:
  void take(Call call, Ticket ticket, std::function<void(engine::AttemptOutcome)> complete);
  void cancel(const std::string& plugin, Ticket ticket);
  Plugin& plugin(const std::string& name);
  void changed();
  void ring();
  boost::asio::awaitable<void> stop_here();

  Environment environment_;
  daemon::TaskGroup tasks_;
  std::map<std::string, std::unique_ptr<Plugin>> plugins_;
  std::atomic<Ticket> last_ticket_ = 0;
  mutable std::mutex mutex_;
  std::map<std::string, PluginState> states_;  // guarded by mutex_
};

}  // namespace tba::plugins
