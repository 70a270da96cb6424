#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "shared/error.h"
#include "shared/value/value.h"

namespace tba {

/// How much of a list in pages is wanted; nothing: all of it.
struct PageCaps {
  std::optional<std::int64_t> pages;
  std::optional<std::int64_t> items;
};

/// How much of a list there may be before something is taken to be wrong.
struct PageBounds {
  std::int64_t pages = 0;
  std::int64_t items = 0;
};

inline constexpr std::int64_t kMostPages = 10'000;
inline constexpr std::int64_t kMostPagedItems = 1'000'000;
/// Of all of a list that is gathered, where nobody says how much of it is wanted.
inline constexpr PageBounds kGatheredBounds{100, 10'000};
/// How many bytes of items may be gathered.
inline constexpr std::uint64_t kMostGatheredBytes = std::uint64_t{32} << 20;
/// Of any list.
inline constexpr PageBounds kLargestBounds{kMostPages, kMostPagedItems};

/// What is to be remembered of a PageWalk; as it is before the first page.
struct PageWalkState {
  std::int64_t pages = 0;
  std::int64_t items = 0;
  Value mark = {};  ///< Where a page before was.
  bool is_complete = false;
  bool is_over = false;
};

/// The way through the pages of a list: counts, says when to stop, and notices where it leads in a
/// circle. Where a page is, is a value of whatever form; null is no page.
class PageWalk {
 public:
  PageWalk(PageCaps caps, PageBounds bounds, PageWalkState state = {})
      : caps_(caps), bounds_(bounds), state_(std::move(state)) {}

  /// Notes the page at `asked`, with that many items, behind which is `next`. Gives how many of the
  /// items are wanted. Errors: `invalid` where the way leads to where it was before (found by
  /// Brent's method after at most thrice as many pages, or at once where it stays), or where there
  /// is more than the bounds let be.
  Result<std::size_t> add(const Value& asked, std::size_t items, const Value& next);

  /// The way ends here.
  void stop() { state_.is_over = true; }

  /// Whether no other page is wanted.
  bool is_over() const { return state_.is_over; }
  /// Whether it has come to the end of the list, with all that there was.
  bool is_complete() const { return state_.is_complete; }
  std::int64_t pages() const { return state_.pages; }
  std::int64_t items() const { return state_.items; }
  const PageWalkState& state() const { return state_; }

 private:
  PageCaps caps_;
  PageBounds bounds_;
  PageWalkState state_;
};

/// The way through a list all of whose items are gathered: where nobody says how much of it is
/// wanted, kGatheredBounds hold.
PageWalk gathering_walk(PageCaps caps, PageWalkState state = {});

}  // namespace tba
