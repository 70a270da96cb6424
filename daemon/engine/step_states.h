#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/storage/records.h"
#include "shared/page_walk.h"
#include "shared/value/value.h"

namespace tba::engine {

/// How far a for_each has come. Which items have been begun is told by the rows of their steps, so
/// of all this only the items are stored.
struct Loop {
  Value items;                        ///< An array; null where they come in pages.
  std::map<std::size_t, Value> held;  ///< Then: those that are not known to be done, by index.
  std::size_t next = 0;               ///< The first item that has not been begun.
  std::set<std::size_t> active;       ///< Those that have been, and are not done.
  std::vector<Value> results;         ///< Of `items`; null where there is none yet.

  const Value& item(std::size_t index) const {
    return items.is_null() ? held.at(index) : items.items()[index];
  }
};

/// How far a list has come that is got page by page.
struct Paging {
  PageWalk walk;
  Value where;              ///< Where the next page is; null for the first.
  std::uint64_t bytes = 0;  ///< That the items take, where they are gathered.
};

/// A step as far as the run has come with it. What is stored of it is `row`; `result` and `memo`
/// are kept in it as JSON.
struct StepState {
  storage::Step row;
  /// Object of what the step leaves, without outcome and error; null until it ended.
  Value result;
  /// What it needs to go on: the items of a for_each, the branch of a choose, the run of a
  /// workflow step, the event that is waited for, where a page is. Of a loop over pages also the
  /// place that it has come to.
  Value memo;
  std::unique_ptr<Loop> loop;      ///< Of a for_each that is under way.
  std::unique_ptr<Paging> paging;  ///< Of one that gets pages and is under way.
  bool is_suspect = false;         ///< Its attempt repeats one that a daemon did not survive.

  /// Whether nothing more happens to it by itself: it ended, or a person must decide.
  bool is_at_rest() const;
};

/// The steps that a run has begun, by their keys: the step's id outside of loops, and
/// `<key of the loop>[<index>]/<id>` in one. The call of a page is `<key of what gets
/// it>.page[<n>]`.
class StepStates {
 public:
  StepStates() = default;
  StepStates(StepStates&&) = default;
  StepStates& operator=(StepStates&&) = default;

  StepState* find(std::string_view key);
  const StepState* find(std::string_view key) const;

  /// A step that begins; it is unsaved.
  StepState& begin(std::string key);

  /// A step that was read back from the store.
  void restore(StepState step);

  /// The step differs from what is stored from now on.
  void touch(StepState& step);

  /// Steps whose keys begin with that, in the order of keys. Pointers stay good until the step is
  /// forgotten.
  std::vector<const StepState*> with_prefix(std::string_view prefix) const;

  /// These steps are needed no more, once they are saved.
  void forget(std::string_view prefix);

  /// Only those are left that began before that one.
  void keep_before(int position);

  bool has_unsaved() const { return !unsaved_.empty(); }

  /// What is to be stored of those that are unsaved, in the order in which they began; they are
  /// saved then.
  std::vector<storage::Step> take_unsaved();

  /// In the order in which they began.
  std::vector<const StepState*> all() const;

 private:
  std::map<std::string, StepState, std::less<>> by_key_;
  std::set<std::string, std::less<>> unsaved_;
  std::vector<std::string> forgotten_;  // prefixes
  int next_position_ = 0;
};

}  // namespace tba::engine
