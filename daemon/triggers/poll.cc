#include "daemon/triggers/poll.h"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "daemon/engine/requests.h"
#include "daemon/engine/trigger_context.h"
#include "daemon/triggers/start.h"
#include "shared/value/json.h"

namespace tba::triggers {

using expression::Root;

namespace {

Error invalid(std::string message) {
  return {ErrorCode::invalid, std::move(message), ""};
}

Value member(const Value& object, std::string_view name) {
  const Value* found = object.find(name);
  return found ? *found : Value();
}

}  // namespace

Poll::Poll(std::shared_ptr<const engine::Definition> definition, const PollTrigger& trigger,
           const Value& vars, const expression::Budget& budget, Instant now, Value cursor)
    : definition_(std::move(definition)),
      trigger_(trigger),
      vars_(vars),
      budget_(budget),
      now_(now),
      cursor_(std::move(cursor)) {}

expression::Context Poll::context(Value body, Value headers) const {
  engine::TriggerContext trigger;
  trigger.kind = "poll";
  trigger.at = now_;
  trigger.name = Value::string(trigger_.connector);
  trigger.body = std::move(body);
  trigger.headers = std::move(headers);
  trigger.cursor = cursor_;
  return context_of_trigger(*definition_->workflow, trigger.as_value(), vars_);
}

Result<engine::Attempt> Poll::attempt(std::optional<Value> page) const {
  const auto connector = definition_->connectors.find(trigger_.connector);
  const auto* endpoint = connector == definition_->connectors.end()
                             ? nullptr
                             : connector->second->endpoint(trigger_.endpoint);
  if (!endpoint)
    return invalid(
        fmt::format("there is no endpoint {}/{}", trigger_.connector, trigger_.endpoint));
  auto parameters = trigger_.with.evaluate(context(Value(), Value()), budget_);
  if (!parameters) return parameters.error();
  engine::Attempt attempt;
  attempt.step = "poll";
  attempt.effect = endpoint->method == "GET" ? Effect::repeat : Effect::once;
  attempt.credential = trigger_.credential;
  attempt.must_ask = true;  // its interval says how old what it sees may be
  attempt.request = engine::EndpointCall{
      connector->second,
      trigger_.endpoint,
      std::move(*parameters),
      {},
      engine::secrets_of(trigger_.with, engine::RequestSecret::Part::parameters),
      std::move(page)};
  return attempt;
}

Result<PollAnswer> Poll::read(const Value& answer) {
  answered_ = context(member(answer, "body"), member(answer, "headers"));
  const auto items = trigger_.items.evaluate(answered_, budget_);
  if (!items) return items.error();
  if (!items->is_array())
    return invalid(fmt::format("`items` gave {}, which is no list", type_name(*items)));
  if (items->size() > kMostItems) {
    return invalid(
        fmt::format("`items` gave {}; a poll takes {} at most", items->size(), kMostItems));
  }
  PollAnswer read;
  std::set<std::string> keys;
  for (std::size_t i = 0; i < items->size(); ++i) {
    const auto& item = items->items()[i];
    auto key = key_of(item, i);
    if (!key) return key.error();
    if (keys.insert(*key).second) read.items.push_back({std::move(*key), item});
  }
  if (trigger_.cursor) {
    auto cursor = trigger_.cursor->evaluate(answered_, budget_);
    if (!cursor) return cursor.error();
    read.cursor = std::move(*cursor);
  }
  return read;
}

Result<std::string> Poll::key_of(const Value& item, std::size_t index) const {
  auto context = answered_;
  context.set(Root::item, item);
  context.set(Root::index, Value::integer(static_cast<std::int64_t>(index)));
  const auto key = trigger_.key.evaluate(context, budget_);
  if (!key) return key.error();
  if (key->is_number() || key->is_boolean()) return to_json(*key);
  const auto wrong = [&](std::string_view how) {
    return invalid(fmt::format("the `key` of item {} is {}", index, how));
  };
  if (!key->is_string()) return wrong(type_name(*key));
  const auto text = key->as_string();
  if (text.empty()) return wrong("empty");
  if (text.size() > kLongestKey) return wrong(fmt::format("longer than {} bytes", kLongestKey));
  return std::string(text);
}

Result<bool> Poll::takes(const PolledItem& item) const {
  if (!trigger_.match) return true;
  auto context = answered_;
  context.set(Root::item, item.value);
  const auto taken = trigger_.match->evaluate(context, budget_);
  if (!taken) return taken.error();
  if (!taken->is_boolean())
    return invalid(fmt::format("`match` gave {}, not true or false", type_name(*taken)));
  return taken->as_boolean();
}

Value Poll::trigger_of(const PolledItem& item) const {
  engine::TriggerContext trigger;
  trigger.kind = "poll";
  trigger.at = now_;
  trigger.name = Value::string(trigger_.connector);
  trigger.body = item.value;
  trigger.delivery_id = Value::string(item.key);
  trigger.cursor = cursor_;
  return trigger.as_value();
}

}  // namespace tba::triggers
