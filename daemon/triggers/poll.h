#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/engine/attempt.h"
#include "daemon/engine/definition.h"
#include "shared/error.h"
#include "shared/expression/program.h"
#include "shared/uuid.h"
#include "shared/value/value.h"
#include "shared/workflow.h"

namespace tba::triggers {

/// An item that a poll was given.
struct PolledItem {
  std::string key;
  Value value;
};

/// What a poll was given.
struct PollAnswer {
  std::vector<PolledItem> items;  ///< In their order, each key once.
  Value cursor;                   ///< What the next poll is to know.
};

/// What a poll asks and makes of the answer; without side effects.
class Poll {
 public:
  /// How many items an answer may have.
  static constexpr std::size_t kMostItems = 10'000;
  /// How many bytes the key of an item may have.
  static constexpr std::size_t kLongestKey = 500;

  /// The trigger belongs to the definition. `vars` and `budget` must outlive it. `cursor` is what
  /// the poll before gave, or null.
  Poll(std::shared_ptr<const engine::Definition> definition, const PollTrigger& trigger,
       const Value& vars, const expression::Budget& budget, Instant now, Value cursor);

  /// What is to be sent; with a page, for that one of the list (EndpointCall::page). Errors: those
  /// of its expressions.
  Result<engine::Attempt> attempt(std::optional<Value> page) const;

  /// Reads what was answered. Errors (`invalid`): those of its expressions; items that are no list
  /// or too many; a key that is no text, number or boolean, empty or too long.
  Result<PollAnswer> read(const Value& answer);

  /// Whether the trigger takes the item; with a `match` that cannot be evaluated, the error.
  Result<bool> takes(const PolledItem& item) const;

  /// `.trigger` of the run for an item.
  Value trigger_of(const PolledItem& item) const;

 private:
  expression::Context context(Value body, Value headers) const;
  Result<std::string> key_of(const Value& item, std::size_t index) const;

  std::shared_ptr<const engine::Definition> definition_;
  const PollTrigger& trigger_;
  const Value& vars_;
  const expression::Budget& budget_;
  Instant now_;
  Value cursor_;
  expression::Context answered_;  // what the expressions for items read, but for the item
};

}  // namespace tba::triggers
