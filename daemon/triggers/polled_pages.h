#pragma once

#include <cstddef>

#include "shared/error.h"
#include "shared/page_walk.h"
#include "shared/value/value.h"

namespace tba::triggers {

/// The pages of a list that a poll has been given so far.
class PolledPages {
 public:
  explicit PolledPages(PageCaps caps) : walk_(gathering_walk(caps)) {}

  /// Where the page is that is wanted next; null is the first.
  const Value& where() const { return where_; }
  /// Whether there is none.
  bool are_complete() const { return walk_.is_over(); }

  /// Takes the page that was wanted, as engine::AttemptOutcome::result has it. Errors (`invalid`):
  /// those of PageWalk, or the items take more than kMostGatheredBytes.
  Result<> add(const Value& page);

  /// What the poll reads in the place of one answer: {body}, the items of all pages. They are moved
  /// out.
  Value take_answer();

 private:
  PageWalk walk_;
  Value where_;
  ArrayBuilder items_;
  std::size_t bytes_ = 0;
};

}  // namespace tba::triggers
