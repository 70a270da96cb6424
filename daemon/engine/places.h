#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "shared/uuid.h"
#include "shared/workflow.h"

namespace tba::engine {

/// Which runs go on under the `concurrency` of their workflow, and which wait for their turn. It
/// follows from the rows of the runs, from which it is filled when the daemon starts. Used on one
/// executor.
class Places {
 public:
  /// The workflow's name, and the value of the key as JSON: what runs share a limit by.
  using Key = std::pair<std::string, std::string>;

  enum class Turn { now, later, never };
  struct Answer {
    Turn turn = Turn::now;
    std::optional<RunId> to_cancel;  ///< The run whose place it shall have.
  };

  /// Whether the new run may begin. It has its place, or its turn, from now on.
  Answer ask(const Key& key, const Concurrency& rule, RunId run);

  /// A run that goes on, or waits for its turn, as its row says: beyond the limit too.
  void hold(const Key& key, RunId run);
  void wait(const Key& key, RunId run);

  /// The run needs its place, or turn, no more. Gives those whose turn it is then; they have their
  /// places.
  std::vector<RunId> leave(const Key& key, std::size_t limit, RunId run);

  /// Those whose turn it is, after hold() and wait(); they have their places.
  std::vector<RunId> admit(const Key& key, std::size_t limit);

 private:
  struct Group {
    std::set<RunId> holders;  // the oldest first
    std::deque<RunId> queue;
    std::set<RunId> leaving;  // holders that were asked to end
  };

  std::map<Key, Group> groups_;
};

}  // namespace tba::engine
