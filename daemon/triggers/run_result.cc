#include "daemon/triggers/run_result.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "daemon/http/problem.h"
#include "shared/uri.h"
#include "shared/value/json.h"

namespace tba::triggers {

namespace asio = boost::asio;

namespace {

using FoundRun = Result<std::optional<storage::Run>>;

bool is_over(const FoundRun& run) {
  return !run || !*run || is_final((*run)->status) || (*run)->status == RunStatus::interrupted;
}

bool tells_of_end(const engine::RunFeed::News& news) {
  return news.missed_some || std::ranges::any_of(news.writes, [](const storage::Write& write) {
           const auto* update = std::get_if<storage::UpdateRun>(&write);
           return update &&
                  (is_final(update->run.status) || update->run.status == RunStatus::interrupted);
         });
}

asio::awaitable<FoundRun> end_of(engine::RunFeed& feed, storage::Store& store, RunId id) {
  const auto executor = co_await asio::this_coro::executor;
  const auto subscription = feed.watch(id, executor);
  auto run = co_await store.run(id);
  while (!is_over(run)) {
    const auto news = co_await subscription->next();
    if (tells_of_end(news)) run = co_await store.run(id);
  }
  co_return run;
}

// --- the answer
// -------------------------------------------------------------------------------------------------------

/// What the server writes itself, or what would change where the message ends.
constexpr std::array<std::string_view, 8> kForbiddenHeaders{
    "connection", "content-length", "date",    "keep-alive",
    "te",         "trailer",        "upgrade", "transfer-encoding"};

/// Whether the output says all of the answer.
bool is_whole_answer(const Value& output) {
  const Value* status = output.find("status");
  return status && status->is_integer() &&
         std::ranges::all_of(output.members(), [](const Member& member) {
           return member.name == "status" || member.name == "headers" || member.name == "body";
         });
}

/// A token (RFC 9110 section 5.6.2) that is not for the server to write.
bool is_header_name(std::string_view name) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  const auto is_token = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  };
  return !name.empty() && std::ranges::all_of(name, is_token) &&
         std::ranges::none_of(kForbiddenHeaders, [&](std::string_view forbidden) {
           return equal_ignoring_case(name, forbidden);
         });
}

/// Adds a header of the output; false where it cannot be sent.
bool add_header(http::Headers& headers, std::string_view name, const Value& value) {
  if (value.is_null()) return true;
  if (value.is_array()) {
    return std::ranges::all_of(value.items(), [&](const Value& item) {
      return !item.is_array() && add_header(headers, name, item);
    });
  }
  if (value.is_object() || !is_header_name(name)) return false;
  auto text = value.is_string() ? std::string(value.as_string()) : to_json(value);
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(text, is_control)) return false;
  headers.add(std::string(name), std::move(text));
  return true;
}

void set_body(http::Response& response, const Value& body) {
  if (response.status == 204 || response.status == 304 || body.is_null()) return;
  const bool is_text = body.is_string();
  response.body = is_text ? std::string(body.as_string()) : to_json(body);
  if (response.headers.find("content-type")) return;
  response.headers.add("Content-Type", is_text ? "text/plain; charset=utf-8" : "application/json");
}

http::Response bad_output(const storage::Run& run, std::string_view what) {
  return http::problem(500, "bad_output",
                       fmt::format("the output of run {} is no answer: {}", run.id.text(), what));
}

http::Response whole_answer(const storage::Run& run, const Value& output) {
  const auto status = output.find("status")->as_integer();
  if (status < 200 || status > 599)
    return bad_output(run, "its status is no number from 200 to 599");
  http::Response response;
  response.status = static_cast<int>(status);
  if (const Value* headers = output.find("headers"); headers && !headers->is_null()) {
    if (!headers->is_object()) return bad_output(run, "its headers are no object");
    for (const auto& [name, value] : headers->members()) {
      if (!add_header(response.headers, name, value))
        return bad_output(run, fmt::format("its header '{}' cannot be sent", name));
    }
  }
  const Value* body = output.find("body");
  set_body(response, body ? *body : Value());
  return response;
}

http::Response answer_of_output(const storage::Run& run) {
  const auto output = parse_json(run.output_json);
  if (!output || output->is_null()) {
    http::Response nothing;
    nothing.status = 204;
    return nothing;
  }
  if (is_whole_answer(*output)) return whole_answer(run, *output);
  return http::json_response(200, run.output_json);
}

}  // namespace

asio::awaitable<Result<std::optional<storage::Run>>> wait_for_end(engine::RunFeed& feed,
                                                                  storage::Store& store, RunId id,
                                                                  std::chrono::milliseconds limit) {
  using namespace asio::experimental::awaitable_operators;
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, limit);
  auto end = end_of(feed, store, id);
  auto expiry = timer.async_wait(asio::use_awaitable);
  auto first = co_await (std::move(end) || std::move(expiry));
  auto* run = std::get_if<0>(&first);
  if (!run) co_return std::optional<storage::Run>();
  if (run->has_value() && !**run)
    co_return Error{ErrorCode::not_found, "there is no run " + id.text(), ""};
  co_return std::move(*run);
}

http::Response answer_of(const storage::Run& run) {
  auto response = run.status == RunStatus::succeeded
                      ? answer_of_output(run)
                      : http::problem(500, fmt::format("run_{}", name_of(run.status)),
                                      fmt::format("run {} has ended as {}", run.id.text(),
                                                  name_of(run.status)));
  response.headers.add("Tba-Run", run.id.text());
  return response;
}

}  // namespace tba::triggers
