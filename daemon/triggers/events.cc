#include "daemon/triggers/events.h"

#include <utility>
#include <variant>

#include <fmt/format.h>

#include "shared/event_names.h"
#include "shared/value/json.h"

namespace tba::triggers {

namespace asio = boost::asio;

namespace {

Result<> check(const std::string& name, const std::string& data_json) {
  if (!is_event_name(name)) {
    return Error{ErrorCode::invalid, fmt::format("'{}' cannot name an event", name),
                 "words of letters, digits, '_' and '-' with dots between them"};
  }
  if (is_reserved_event(name)) {
    return Error{ErrorCode::invalid,
                 fmt::format("'{}' is an event that only the daemon itself raises", name),
                 "begin the name with another word"};
  }
  if (data_json.size() > Events::kMostBytes) {
    return Error{ErrorCode::limit_exceeded,
                 fmt::format("the data of an event is at most {} KiB", Events::kMostBytes >> 10),
                 ""};
  }
  return {};
}

}  // namespace

asio::awaitable<Result<Events::Emitted>> Events::emit(std::string name, Value data,
                                                      std::string source) {
  auto data_json = to_json(data);
  if (auto fine = check(name, data_json); !fine) co_return fine.error();
  auto event = new_event(std::move(name), std::move(source), std::move(data_json));
  co_return co_await admit(std::move(event), std::move(data));
}

asio::awaitable<Result<Events::Emitted>> Events::raise(std::string name, Value data) {
  auto event = new_event(std::move(name), "daemon", to_json(data));
  co_return co_await admit(std::move(event), std::move(data));
}

storage::Event Events::new_event(std::string name, std::string source,
                                 std::string data_json) const {
  return {environment_.ids.next<EventId>(), environment_.clock.now(), std::move(name),
          std::move(source), std::move(data_json)};
}

asio::awaitable<Result<Events::Emitted>> Events::admit(storage::Event event, Value data) {
  engine::Admission admission;
  admission.starts = environment_.starts.of(event, data, {});
  const auto id = event.id;
  admission.event = std::move(event);
  const auto outcome = co_await environment_.engine.admit(std::move(admission));
  if (!outcome) co_return outcome.error();
  co_return Emitted{id, std::get<engine::Admitted>(*outcome).runs};
}

}  // namespace tba::triggers
