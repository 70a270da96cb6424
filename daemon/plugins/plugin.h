#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "daemon/log.h"
#include "daemon/plugins/conversation.h"
#include "daemon/plugins/plugin_state.h"
#include "daemon/plugins/restarts.h"
#include "daemon/plugins/spoken_lines.h"
#include "daemon/steps/process.h"
#include "daemon/task_group.h"
#include "shared/clock.h"

namespace tba::plugins {

/// A plugin: its program, which runs from the first call on, and the calls that wait for it. A
/// program that ends is started again for the next call, after the pauses of Restarts. Used on one
/// executor, which runs one handler at a time.
class Plugin {
 public:
  /// What it needs from outside; all must outlive it.
  struct Environment {
    boost::asio::any_io_executor executor;
    steps::ProcessRunner& processes;
    const Clock& clock;
    daemon::Log& log;
    daemon::TaskGroup& tasks;       ///< For its programs; waited for before it goes.
    std::function<void()> changed;  ///< Called when its state or next_deadline() may be another.
  };

  Plugin(Environment environment, const std::string& name);
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  /// What it is from now on; null: there is no such plugin any more. A program that another
  /// manifest described is let end once its calls are answered.
  void adopt(std::shared_ptr<const Connector> manifest);

  /// Requires: adopt() of a manifest that has the endpoint.
  void call(Pending call);

  /// The call is not wanted any more.
  void cancel(Ticket ticket);

  std::optional<Instant> next_deadline() const;
  /// Does what is due.
  void look_at_clock();

  /// Asks its programs to end. Calls that wait are not made; none must come any more.
  void stop();

  PluginState state() const;

 private:
  struct Life;
  using LifePointer = std::shared_ptr<Life>;

  void go_on();
  void start();
  void refuse_waiting(Instant now);
  void end_waiting(const std::function<bool(const Pending&)>& is_meant, const std::string& kind,
                   const std::function<std::string(const Pending&)>& message);
  void condemn(Life& life, std::string problem);
  void heard(Life& life, bool is_stderr, std::string_view line);
  boost::asio::awaitable<void> live(LifePointer life);
  void ended(const LifePointer& life, const Result<steps::ProcessResult>& result);
  steps::ProcessRequest process_of(const Connector& manifest) const;

  Environment environment_;
  const std::string name_;
  SpokenLines lines_;
  std::shared_ptr<const Connector> manifest_;  // null only where nothing waits
  std::deque<Pending> waiting_;
  LifePointer present_;             // gets the calls; null: none runs
  std::vector<LifePointer> lives_;  // all that run, those that were let go included
  Restarts restarts_;
  std::string problem_;
};

}  // namespace tba::plugins
