#include <algorithm>
#include <charconv>
#include <map>
#include <variant>

#include "daemon/api/routes.h"
#include "daemon/api/run_ids.h"
#include "daemon/api/views.h"
#include "daemon/engine/trigger_context.h"
#include "daemon/http/event_stream.h"
#include "daemon/http/problem.h"
#include "shared/inputs.h"
#include "shared/value/json.h"

namespace tba::api {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kLargestLogPage = 1000;

/// Everything the API shows of one run.
struct WholeRun {
  storage::Run run;
  std::vector<storage::Step> steps;
  std::optional<storage::Delivery> delivery;
  std::shared_ptr<const engine::Definition> definition;

  Value view() const { return run_view(run, steps, delivery, definition.get()); }
};

asio::awaitable<Result<WholeRun>> whole_run(Services& services, RunId id) {
  WholeRun whole;
  auto run = co_await services.store.run(id);
  if (!run) co_return run.error();
  if (!*run) co_return no_such_run(id.text());
  whole.run = std::move(**run);
  auto steps = co_await services.store.steps(id);
  if (!steps) co_return steps.error();
  whole.steps = std::move(*steps);
  if (whole.run.delivery) {
    auto delivery = co_await services.store.delivery(*whole.run.delivery);
    if (!delivery) co_return delivery.error();
    whole.delivery = std::move(*delivery);
  }
  const auto definition = co_await services.definitions.get(whole.run.version);
  if (definition) whole.definition = *definition;
  co_return whole;
}

// --- lists
// -----------------------------------------------------------------------------------------------------------

Result<storage::RunFilter> run_filter(const http::Request& request) {
  storage::RunFilter filter;
  if (const auto workflow = request.query_value("workflow")) filter.workflow = *workflow;
  if (const auto attention = request.query_value("attention"); attention == "true") {
    filter.statuses.push_back(RunStatus::interrupted);
  }
  if (const auto statuses = request.query_value("status")) {
    for (std::size_t begin = 0; begin <= statuses->size();) {
      const auto end = std::min(statuses->find(',', begin), statuses->size());
      const auto status = run_status_named(statuses->substr(begin, end - begin));
      if (!status) {
        return Error{
            ErrorCode::invalid,
            "there is no run status '" + std::string(statuses->substr(begin, end - begin)) + "'",
            "it is one of queued, running, waiting, succeeded, failed, cancelled, interrupted, "
            "skipped"};
      }
      filter.statuses.push_back(*status);
      begin = end + 1;
    }
  }
  if (const auto delivery = request.query_value("delivery")) {
    filter.delivery = DeliveryId::parse(*delivery);
    if (!filter.delivery) return Error{ErrorCode::invalid, "`delivery` is no id", ""};
  }
  return filter;
}

asio::awaitable<http::Response> list(Services& services, http::Request request) {
  const auto page = page_request(request);
  if (!page) co_return http::problem(page.error());
  const auto filter = run_filter(request);
  if (!filter) co_return http::problem(filter.error());
  const auto runs = co_await services.store.runs(*filter, *page);
  if (!runs) co_return http::problem(runs.error());
  co_return json(200, page_view(*runs, run_summary));
}

asio::awaitable<http::Response> show(Services& services, http::Request request) {
  const auto id = co_await run_id(services, request.parameter("id"));
  if (!id) co_return http::problem(id.error());
  const auto whole = co_await whole_run(services, *id);
  if (!whole) co_return http::problem(whole.error());
  co_return json(200, whole->view());
}

asio::awaitable<http::Response> logs(Services& services, http::Request request) {
  const auto id = co_await run_id(services, request.parameter("id"));
  if (!id) co_return http::problem(id.error());
  const auto run = co_await services.store.run(*id);
  if (!run) co_return http::problem(run.error());
  if (!*run) co_return http::problem(no_such_run(id->text()));
  std::int64_t after = 0;
  if (const auto text = request.query_value("after")) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), after);
    if (error != std::errc() || end != text->data() + text->size()) {
      co_return http::problem(Error{ErrorCode::invalid, "`after` is no number", ""});
    }
  }
  const auto limit = limit_of(request, kLargestLogPage, kLargestLogPage);
  if (!limit) co_return http::problem(limit.error());
  auto lines = co_await services.store.logs(*id, after, *limit + 1);
  if (!lines) co_return http::problem(lines.error());
  storage::Page<storage::LogLine> page;
  if (lines->size() > *limit) {
    lines->pop_back();
    page.next = std::to_string(lines->back().sequence);
  }
  page.items = std::move(*lines);
  co_return json(200, page_view(page, log_view));
}

/// What a step's expressions read, for whoever wants to evaluate one on it.
asio::awaitable<http::Response> context(Services& services, http::Request request) {
  const auto id = co_await run_id(services, request.parameter("id"));
  if (!id) co_return http::problem(id.error());
  const std::string step(request.query_value("step").value_or(""));
  const auto recorded = co_await services.engine.recorded_context(*id, step);
  if (!recorded) co_return http::problem(recorded.error());
  const auto& budget = services.engine.budget();
  co_return json(
      200,
      Value::object(
          {{"run", Value::string(id->text())},
           {"step", text_view(step)},
           {"context", recorded->as_value()},
           {"limits",
            Value::object({{"steps", Value::integer(static_cast<std::int64_t>(budget.steps))},
                           {"bytes", Value::integer(static_cast<std::int64_t>(budget.bytes))},
                           {"depth", Value::integer(static_cast<std::int64_t>(budget.depth))}})}}));
}

// --- what can be done
// ------------------------------------------------------------------------------------------------

asio::awaitable<http::Response> start(Services& services, http::Request request) {
  const auto& name = request.parameter("name");
  const auto set = services.workflows.current();
  const auto* loaded = set->find(name);
  if (!loaded) co_return unknown_workflow(*set, name);
  const auto& workflow = *loaded->definition->workflow;
  const bool manual = std::ranges::any_of(workflow.triggers, [](const Trigger& trigger) {
    return std::holds_alternative<ManualTrigger>(trigger);
  });
  if (!manual) {
    co_return http::problem(409, "no_manual_trigger",
                            "workflow '" + name + "' is not started by hand",
                            "add `manual: {}` to its `on:`");
  }
  if (!loaded->held.empty()) {
    co_return http::problem(503, "held",
                            "workflow '" + name + "' is held: " + loaded->held.front());
  }
  const auto body = object_body(request, {"inputs"});
  if (!body) co_return body.error();
  const Value* given = body->find("inputs");
  auto inputs = fill_inputs(workflow.inputs, given ? *given : Value());
  if (!inputs) co_return http::problem(400, "invalid_inputs", inputs.error().message);

  engine::Start start;
  start.id = services.ids.next<RunId>();
  start.definition = loaded->definition;
  start.trigger_kind = "manual";
  start.trigger = engine::plain_trigger("manual", Value(), services.clock.now());
  start.inputs = std::move(*inputs);
  const auto id = start.id;
  engine::Admission admission;
  admission.starts.push_back(std::move(start));
  const auto outcome = co_await services.engine.admit(std::move(admission));
  if (!outcome) co_return http::problem(outcome.error());
  // The run is on disk: from here on there is nothing that may fail. How far it has come by now is
  // for its own routes to say.
  auto response = json(201, Value::object({{"id", Value::string(id.text())},
                                           {"workflow", Value::string(name)},
                                           {"status", Value::string(name_of(RunStatus::queued))}}));
  response.headers.add("Location", "/api/v1/runs/" + id.text());
  co_return response;
}

asio::awaitable<http::Response> cancel(Services& services, http::Request request) {
  const auto id = co_await run_id(services, request.parameter("id"));
  if (!id) co_return http::problem(id.error());
  const auto status = co_await services.engine.cancel(*id);
  if (!status) co_return http::problem(status.error());
  co_return json(202, Value::object({{"id", Value::string(id->text())},
                                     {"status", Value::string(name_of(*status))}}));
}

// --- events
// ----------------------------------------------------------------------------------------------------------

asio::awaitable<bool> send_event(http::EventStream& stream, std::string name, const Value& data) {
  return stream.send(http::Event(std::move(name), to_json(data)));
}

/// Sends what happens to one run, from what it is now to its end.
class RunEvents {
 public:
  RunEvents(Services& services, RunId id) : services_(services), id_(id) {}

  asio::awaitable<void> send_to(http::EventStream& stream) {
    const auto subscription = services_.feed.watch(id_, services_.executor);
    auto status = co_await send_stored(stream, true);
    while (status && !is_over(*status)) {
      const auto news = co_await subscription->next();
      if (news.missed_some) {
        status = co_await send_stored(stream, true);
      } else {
        status = co_await send_news(stream, news, *status);
      }
    }
  }

 private:
  /// How far a step had come that was sent: its attempt, and where that stood.
  using Progress = std::pair<int, int>;

  static Progress progress_of(const storage::Step& step) {
    const int stage = step.status == StepStatus::running ? 0 : is_final(step.status) ? 2 : 1;
    return {step.attempt, stage};
  }

  /// Sends the run and its log as they are stored; gives the run's status, or nothing where nobody
  /// takes it any more. The end of a run comes last, behind its log; with `end_is_due` false it is
  /// left to the news that are still to come, and only the log is sent.
  asio::awaitable<std::optional<RunStatus>> send_stored(http::EventStream& stream,
                                                        bool end_is_due) {
    const auto whole = co_await whole_run(services_, id_);
    if (!whole) co_return std::nullopt;
    definition_ = whole->definition;
    const auto view = whole->view();
    const bool over = is_over(whole->run.status);
    if (!over || end_is_due) {
      for (const auto& step : whole->steps) sent_[step.key] = progress_of(step);
    }
    bool taken = true;
    if (!over) taken = co_await send_event(stream, "run", view);
    if (taken) taken = co_await send_lines(stream);
    if (taken && over && end_is_due) taken = co_await send_event(stream, "run", view);
    if (!taken) co_return std::nullopt;
    co_return whole->run.status;
  }

  /// Sends the stored lines of the log behind the last one sent. Only what is stored has its place
  /// in the log: so each line is sent once, and in order. False: nobody takes them any more.
  asio::awaitable<bool> send_lines(http::EventStream& stream) {
    bool more = true;
    while (more) {
      const auto lines = co_await services_.store.logs(id_, last_line_, kLargestLogPage);
      if (!lines) co_return false;
      for (const auto& line : *lines) {
        const auto view = log_view(line);
        const bool taken = co_await send_event(stream, "log", view);
        if (!taken) co_return false;
        last_line_ = line.sequence;
      }
      more = lines->size() == kLargestLogPage;
    }
    co_return true;
  }

  /// Sends steps as they are, unless they were sent as they came to be after that, and what is new
  /// in the log; the run itself anew, since its row is only a part of it. Gives the status that the
  /// news tell of: what is stored may be ahead of them, but all of them are to be sent, and the end
  /// of the run after them.
  asio::awaitable<std::optional<RunStatus>> send_news(http::EventStream& stream,
                                                      const engine::RunFeed::News& news,
                                                      RunStatus status) {
    bool run_changed = false;
    bool lines_are_new = false;
    for (const auto& write : news.writes) {
      bool taken = true;
      const bool is_line = std::holds_alternative<storage::AppendLog>(write);
      if (!is_line && lines_are_new) taken = co_await send_lines(stream);
      lines_are_new = is_line;
      if (!taken) co_return std::nullopt;
      if (const auto* step = std::get_if<storage::PutStep>(&write)) {
        const auto progress = progress_of(step->step);
        auto& sent = sent_.try_emplace(step->step.key, progress).first->second;
        if (progress < sent) continue;
        sent = progress;
        const auto view = step_view(step->step, definition_.get());
        taken = co_await send_event(stream, "step", view);
      } else if (const auto* run = std::get_if<storage::UpdateRun>(&write)) {
        run_changed = true;
        status = run->run.status;
      }
      if (!taken) co_return std::nullopt;
    }
    if (run_changed) {
      const bool ends = is_over(status);
      const auto stored = co_await send_stored(stream, ends);
      if (!stored) co_return std::nullopt;
    } else if (lines_are_new) {
      const bool taken = co_await send_lines(stream);
      if (!taken) co_return std::nullopt;
    }
    co_return status;
  }

  static bool is_over(RunStatus status) {
    return is_final(status) || status == RunStatus::interrupted;
  }

  Services& services_;
  RunId id_;
  std::shared_ptr<const engine::Definition> definition_;
  std::int64_t last_line_ = 0;            // the sequence of the last line sent
  std::map<std::string, Progress> sent_;  // by step
};

asio::awaitable<http::Response> events(Services& services, http::Request request) {
  const auto id = co_await run_id(services, request.parameter("id"));
  if (!id) co_return http::problem(id.error());
  const auto run = co_await services.store.run(*id);
  if (!run) co_return http::problem(run.error());
  if (!*run) co_return http::problem(no_such_run(id->text()));
  auto sender = std::make_shared<RunEvents>(services, *id);
  co_return http::stream_response(
      [sender](http::EventStream& stream) { return sender->send_to(stream); });
}

}  // namespace

std::vector<http::Route> run_routes(Services& services) {
  return {
      route(services, "GET", "/api/v1/runs", list,
            {"workflow", "status", "attention", "delivery", "limit", "cursor"}),
      route(services, "GET", "/api/v1/runs/{id}", show),
      route(services, "GET", "/api/v1/runs/{id}/logs", logs, {"after", "limit"}),
      route(services, "GET", "/api/v1/runs/{id}/context", context, {"step"}),
      route(services, "GET", "/api/v1/runs/{id}/events", events),
      route(services, "POST", "/api/v1/runs/{id}/cancel", cancel),
      route(services, "POST", "/api/v1/workflows/{name}/runs", start),
  };
}

}  // namespace tba::api
