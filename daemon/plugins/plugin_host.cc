#include "daemon/plugins/plugin_host.h"

#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/plugins/outcomes.h"

namespace tba::plugins {

namespace asio = boost::asio;
using engine::AttemptOutcome;

namespace {

/// Completes the handler on its own executor.
template <class Handler>
std::function<void(AttemptOutcome)> completion(Handler handler) {
  const asio::any_io_executor executor = asio::get_associated_executor(handler);
  return
      [shared = std::make_shared<Handler>(std::move(handler)), executor](AttemptOutcome outcome) {
        asio::post(executor, [shared, outcome = std::move(outcome)]() mutable {
          std::move (*shared)(std::move(outcome));
        });
      };
}

}  // namespace

PluginHost::PluginHost(Environment environment)
    : environment_(std::move(environment)),
      tasks_(environment_.executor, environment_.log, "plugins") {}

asio::awaitable<AttemptOutcome> PluginHost::call(Call call) {
  const auto initiate = [](auto handler, PluginHost& host, Call wanted) {
    const auto ticket = ++host.last_ticket_;
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) {
      slot.assign([&host, ticket, name = wanted.plugin](asio::cancellation_type) {
        asio::post(host.environment_.executor,
                   [&host, ticket, name] { host.cancel(name, ticket); });
      });
    }
    asio::post(host.environment_.executor, [&host, ticket, wanted = std::move(wanted),
                                            complete = completion(std::move(handler))]() mutable {
      host.take(std::move(wanted), ticket, std::move(complete));
    });
  };
  return asio::async_initiate<const asio::use_awaitable_t<>, void(AttemptOutcome)>(
      initiate, asio::use_awaitable, std::ref(*this), std::move(call));
}

void PluginHost::take(Call call, Ticket ticket, std::function<void(AttemptOutcome)> complete) {
  const auto manifest = environment_.find(call.plugin);
  if (!manifest || !manifest->plugin)
    return complete(not_called("request", "there is no plugin '" + call.plugin + "' any more"));
  if (!manifest->endpoint(call.endpoint)) {
    return complete(not_called("request", "plugin '" + call.plugin + "' has no endpoint '" +
                                              call.endpoint + "' any more"));
  }
  const auto deadline = environment_.clock.now() + call.timeout;
  auto& called = plugin(call.plugin);
  called.adopt(manifest);
  called.call(Pending{ticket, std::move(call), std::move(complete), deadline});
}

void PluginHost::look_at_manifests() {
  asio::post(environment_.executor, [this] {
    for (const auto& [name, each] : plugins_) {
      const auto manifest = environment_.find(name);
      each->adopt(manifest && manifest->plugin ? manifest : nullptr);
    }
  });
}

void PluginHost::cancel(const std::string& name, Ticket ticket) {
  const auto found = plugins_.find(name);
  if (found != plugins_.end()) found->second->cancel(ticket);
}

Plugin& PluginHost::plugin(const std::string& name) {
  auto& found = plugins_[name];
  if (!found) {
    found = std::make_unique<Plugin>(
        Plugin::Environment{environment_.executor, environment_.processes, environment_.clock,
                            environment_.log, tasks_, [this] { changed(); }},
        name);
  }
  return *found;
}

void PluginHost::changed() {
  std::optional<Instant> next;
  std::map<std::string, PluginState> states;
  for (const auto& [name, each] : plugins_) {
    const auto deadline = each->next_deadline();
    if (deadline && (!next || *deadline < *next)) next = deadline;
    states.emplace(name, each->state());
  }
  if (next) {
    environment_.alarm.set(*next, [this] { ring(); });
  } else {
    environment_.alarm.clear();
  }
  std::lock_guard lock(mutex_);
  states_ = std::move(states);
}

void PluginHost::ring() {
  for (const auto& [name, each] : plugins_) each->look_at_clock();
}

asio::awaitable<void> PluginHost::stop() {
  return asio::co_spawn(environment_.executor, stop_here(), asio::use_awaitable);
}

asio::awaitable<void> PluginHost::stop_here() {
  for (const auto& [name, each] : plugins_) each->stop();
  co_await tasks_.wait();
  environment_.alarm.clear();
}

PluginState PluginHost::state_of(const std::string& name) const {
  std::lock_guard lock(mutex_);
  const auto found = states_.find(name);
  return found != states_.end() ? found->second : PluginState();
}

}  // namespace tba::plugins
