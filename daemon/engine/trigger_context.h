#pragma once

#include <string_view>

#include "daemon/storage/records.h"
#include "shared/clock.h"
#include "shared/error.h"
#include "shared/value/value.h"

namespace tba::engine {

/// What started a run, as expressions read it. Null: does not apply.
struct TriggerContext {
  std::string_view kind;  ///< "webhook", "schedule", "poll", "event", "manual"
  Instant at;
  Value name;         ///< Of the connector.
  Value body;         ///< What came: a delivery's body, a poll's item, an event's data.
  Value headers;      ///< Of a delivery.
  Value query;        ///< Of a delivery.
  Value path;         ///< Of a delivery, below /hooks/.
  Value method;       ///< Of a delivery.
  Value event;        ///< The event's name.
  Value delivery_id;  ///< What its sender calls it: a delivery's id, an item's key, an event's id.
  Value cursor;       ///< Of a poll.

  /// `.trigger`: all keys are always there.
  Value as_value() const;
};

/// `.trigger` of a run that nothing came with: of a schedule, of another run, by hand.
Value plain_trigger(std::string_view kind, Value name, Instant at);

/// What the body of a delivery stands for (http::body_value). The error (`invalid`) says why it
/// cannot be read.
Result<Value> body_of(const storage::Delivery& delivery);

/// `.trigger` of the runs that a delivery starts; `body` is body_of() it.
Value trigger_value(const storage::Delivery& delivery, const Value& body);

}  // namespace tba::engine
