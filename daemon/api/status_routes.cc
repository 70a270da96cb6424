#include <unistd.h>

#include "daemon/api/routes.h"
#include "daemon/api/views.h"
#include "daemon/http/problem.h"
#include "shared/version.h"

namespace tba::api {

namespace asio = boost::asio;

namespace {

Value broken_files_view(const daemon::WorkflowSet& set) {
  ArrayBuilder files;
  for (const auto& broken : set.broken) {
    files.add(Value::object({{"path", Value::string(broken.path)},
                             {"diagnostics", Value::string(broken.diagnostics)}}));
  }
  return std::move(files).build();
}

Value held_workflows_view(const daemon::WorkflowSet& set) {
  ArrayBuilder held;
  for (const auto& [name, loaded] : set.workflows) {
    if (loaded.held.empty()) continue;
    ArrayBuilder reasons;
    for (const auto& reason : loaded.held) reasons.add(Value::string(reason));
    held.add(
        Value::object({{"name", Value::string(name)}, {"reasons", std::move(reasons).build()}}));
  }
  return std::move(held).build();
}

Value open_circuits_view(const connectors::CircuitBreaker& circuits) {
  ArrayBuilder open;
  for (const auto& circuit : circuits.open_circuits()) {
    open.add(Value::object({{"host", Value::string(circuit.host)},
                            {"since", time_view(circuit.since)},
                            {"probe_at", time_view(circuit.probed_at)},
                            {"is_probed", Value::boolean(circuit.is_probing)},
                            {"why", Value::string(circuit.why)}}));
  }
  return std::move(open).build();
}

/// Only those that there is something to tell of.
Value ended_plugins_view(const Services& services, const daemon::WorkflowSet& set) {
  ArrayBuilder plugins;
  for (const auto& name : set.plugins) {
    const auto state = services.plugin_state(name);
    const auto connector = set.connectors.find(name);
    if (state.problem.empty() || !connector || !connector->plugin) continue;
    plugins.add(plugin_view(*connector->plugin, state).with_member("name", Value::string(name)));
  }
  return std::move(plugins).build();
}

asio::awaitable<http::Response> status(Services& services, http::Request) {
  const auto set = services.workflows.current();
  const auto uptime =
      std::chrono::duration_cast<std::chrono::seconds>(services.clock.now() - services.started_at);
  ArrayBuilder listening;
  for (const auto& address : services.listening()) listening.add(Value::string(address));
  const auto runs = services.engine.statistics();
  const auto store = services.store.statistics();
  const auto count = [](std::uint64_t number) {
    return Value::integer(static_cast<std::int64_t>(number));
  };
  const auto vault_problem = services.credentials.key_problem();
  co_return json(
      200, Value::object({{"pid", Value::integer(getpid())},
                          {"version", Value::string(version())},
                          {"uptime", Value::integer(uptime.count())},
                          {"state", Value::string(services.stopping() ? "stopping" : "running")},
                          {"listen", std::move(listening).build()},
                          {"home", Value::string(services.home)},
                          {"workflows", count(set->workflows.size())},
                          {"held_workflows", held_workflows_view(*set)},
                          {"broken_files", broken_files_view(*set)},
                          {"open_circuits", open_circuits_view(services.circuits)},
                          {"plugin_problems", ended_plugins_view(services, *set)},
                          {"vault_problem", text_view(vault_problem ? vault_problem->message : "")},
                          {"vault_hint", text_view(vault_problem ? vault_problem->hint : "")},
                          {"runs", Value::object({{"active", count(runs.active)},
                                                  {"waiting", count(runs.waiting)}})},
                          {"store", Value::object({{"commits", count(store.commits)},
                                                   {"changes", count(store.changes)},
                                                   {"rows", count(store.rows)},
                                                   {"bytes", count(store.bytes)}})}}));
}

asio::awaitable<http::Response> stop(Services& services, http::Request) {
  services.stop();
  co_return json(202, Value::object({{"state", Value::string("stopping")}}));
}

asio::awaitable<http::Response> reload(Services& services, http::Request) {
  const auto reloaded = co_await services.reload();
  if (!reloaded) co_return http::problem(reloaded.error());
  const auto set = services.workflows.current();
  co_return json(
      200, Value::object(
               {{"workflows", Value::integer(static_cast<std::int64_t>(set->workflows.size()))},
                {"broken_files", broken_files_view(*set)}}));
}

asio::awaitable<http::Response> schedules(Services& services, http::Request) {
  co_return json(
      200, list_view(services.scheduler.entries(), [](const triggers::Scheduler::Entry& entry) {
        return Value::object({{"workflow", Value::string(entry.workflow)},
                              {"trigger", Value::integer(static_cast<std::int64_t>(entry.trigger))},
                              {"schedule", Value::string(entry.schedule)},
                              {"timezone", Value::string(entry.timezone)},
                              {"last", time_view(entry.last)},
                              {"next", time_view(entry.next)},
                              {"due_at", time_view(entry.due_at)}});
      }));
}

}  // namespace

std::vector<http::Route> status_routes(Services& services) {
  auto status_route = route(services, "GET", "/api/v1/status", status);
  status_route.while_stopping = true;
  auto stop_route = route(services, "POST", "/api/v1/stop", stop);
  stop_route.while_stopping = true;
  return {
      status_route,
      stop_route,
      route(services, "POST", "/api/v1/reload", reload),
      route(services, "GET", "/api/v1/schedules", schedules),
  };
}

}  // namespace tba::api
