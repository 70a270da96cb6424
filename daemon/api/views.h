#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/engine/definition.h"
#include "daemon/http/message.h"
#include "daemon/plugins/plugin_state.h"
#include "daemon/storage/records.h"
#include "daemon/storage/store.h"
#include "daemon/vault/credentials.h"
#include "daemon/workflows.h"
#include "shared/clock.h"
#include "shared/connector.h"
#include "shared/value/value.h"

/// How the API shows what the daemon has.
namespace tba::api {

Value time_view(const std::optional<Instant>& time);  ///< RFC 3339, or null.
Value text_view(std::string_view text);               ///< A string, or null where it is empty.
Value json_view(
    std::string_view stored);  ///< The value of a stored JSON text; null where it is empty.

/// The hash of a workflow's version.
std::string hex_text(const storage::VersionHash& hash);

/// A run as lists show it.
Value run_summary(const storage::Run& run);

/// A run with its steps. `definition` gives steps their kinds and titles; null where it could not
/// be had.
Value run_view(const storage::Run& run, const std::vector<storage::Step>& steps,
               const std::optional<storage::Delivery>& delivery,
               const engine::Definition* definition);

Value step_view(const storage::Step& step, const engine::Definition* definition);
Value log_view(const storage::LogLine& line);

/// A delivery without what it holds. `runs` are those it started. Its status is "replayed" where
/// one of them is a replay's, else "matched" or "unmatched".
Value delivery_view(const storage::Delivery& delivery, const std::vector<storage::Run>& runs);

Value rejection_view(const storage::Rejection& rejection);

/// How a plugin is: {version, state, calls, problem, next_start}.
Value plugin_view(const PluginProgram& program, const plugins::PluginState& state);

Value endpoint_view(const Endpoint& endpoint);

template <class Range, class View>
Value array_view(const Range& range, View view) {
  ArrayBuilder items;
  for (const auto& item : range) items.add(view(item));
  return std::move(items).build();
}

/// A page of a list: {"items", "next"}.
template <class T, class View>
Value page_view(const storage::Page<T>& page, View view) {
  return Value::object({{"items", array_view(page.items, view)}, {"next", text_view(page.next)}});
}

/// A list that is always whole.
template <class Range, class View>
Value list_view(const Range& range, View view) {
  return Value::object({{"items", array_view(range, view)}, {"next", Value()}});
}

http::Response json(int status, const Value& value);

/// The problem that answers where no workflow of the set has that name.
http::Response unknown_workflow(const daemon::WorkflowSet& set, const std::string& name);

/// `?limit=`, or else `standard`. Errors (`invalid`): one that is no number from 1 to `largest`.
Result<std::size_t> limit_of(const http::Request& request, std::size_t standard,
                             std::size_t largest);

/// `?limit=`, at most 200, and `?cursor=`.
Result<storage::PageRequest> page_request(const http::Request& request);

/// The request's body, a JSON object with no other members than those; an empty one where there is
/// no body. Else the problem to answer with, which shows nothing of the body but an unknown name.
boost::system::result<Value, http::Response> object_body(const http::Request& request,
                                                         const std::vector<std::string>& known);

/// The text of that name, or an empty one where there is none, or null. Errors (`invalid`): it is
/// of another type.
Result<std::string> text_member(const Value& object, std::string_view name);

}  // namespace tba::api
