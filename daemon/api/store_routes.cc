#include "daemon/api/routes.h"
#include "daemon/api/views.h"
#include "daemon/http/problem.h"

namespace tba::api {

namespace asio = boost::asio;

namespace {

/// What compacting gives back at a time: so little that nobody waits for it.
constexpr std::uint64_t kBite = 256 << 10;

Value count_view(std::uint64_t number) {
  return Value::integer(static_cast<std::int64_t>(number));
}

Value file_view(const storage::FileUsage& file) {
  return Value::object({{"bytes", count_view(file.bytes)},
                        {"free_bytes", count_view(file.free)},
                        {"log_bytes", count_view(file.log_bytes)}});
}

Value pruning_view(const std::optional<retention::Pruner::Round>& round) {
  if (!round) return Value();
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(round->took);
  return Value::object({{"at", time_view(round->at)},
                        {"duration_ms", Value::integer(took.count())},
                        {"runs", count_view(round->runs)},
                        {"other_rows", count_view(round->rows)},
                        {"bytes", count_view(round->bytes)}});
}

asio::awaitable<http::Response> info(Services& services, http::Request) {
  const auto usage = co_await services.store.usage();
  if (!usage) co_return http::problem(usage.error());
  const auto kinds = array_view(usage->kinds, [](const storage::KindUsage& kind) {
    return Value::object({{"kind", Value::string(kind.kind)},
                          {"rows", count_view(kind.rows)},
                          {"bytes", count_view(kind.bytes)}});
  });
  const auto workflows = array_view(usage->workflows, [](const storage::WorkflowUsage& workflow) {
    return Value::object({{"workflow", Value::string(workflow.workflow)},
                          {"runs", count_view(workflow.runs)},
                          {"unfinished", count_view(workflow.unfinished)},
                          {"bytes", count_view(workflow.bytes)}});
  });
  co_return json(200, Value::object({{"file", file_view(usage->file)},
                                     {"kinds", kinds},
                                     {"workflows", workflows},
                                     {"last_pruning", pruning_view(services.last_pruning())}}));
}

asio::awaitable<http::Response> back_up(Services& services, http::Request request) {
  const auto body = object_body(request, {"path"});
  if (!body) co_return body.error();
  const auto path = text_member(*body, "path");
  if (!path) co_return http::problem(path.error());
  const auto began = services.clock.now();
  const auto backup = co_await services.store.back_up(*path);
  if (!backup) co_return http::problem(backup.error());
  const auto took =
      std::chrono::duration_cast<std::chrono::milliseconds>(services.clock.now() - began);
  co_return json(201, Value::object({{"path", Value::string(*path)},
                                     {"bytes", count_view(backup->bytes)},
                                     {"duration_ms", Value::integer(took.count())}}));
}

asio::awaitable<http::Response> compact(Services& services, http::Request) {
  const auto before = co_await services.store.give_back(0);
  if (!before) co_return http::problem(before.error());
  auto after = *before;
  bool goes_on = after.free > 0;
  while (goes_on && !services.stopping()) {
    const auto file = co_await services.store.give_back(kBite);
    if (!file) co_return http::problem(file.error());
    goes_on = file->free > 0 && file->free < after.free;
    after = *file;
  }
  co_return json(200, Value::object({{"before", file_view(*before)}, {"after", file_view(after)}}));
}

}  // namespace

std::vector<http::Route> store_routes(Services& services) {
  return {
      route(services, "GET", "/api/v1/store", info),
      route(services, "POST", "/api/v1/store/backups", back_up),
      route(services, "POST", "/api/v1/store/compact", compact),
  };
}

}  // namespace tba::api
