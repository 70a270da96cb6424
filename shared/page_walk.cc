#include "shared/page_walk.h"

#include <algorithm>
#include <bit>
#include <utility>

#include <fmt/format.h>

namespace tba {
namespace {

Error too_much(std::int64_t bound, const char* what) {
  return {ErrorCode::invalid, fmt::format("there are more than {} {}", bound, what),
          fmt::format("say how many are wanted: paginate: {{ {}: … }}", what)};
}

}  // namespace

Result<std::size_t> PageWalk::add(const Value& asked, std::size_t items, const Value& next) {
  ++state_.pages;
  const auto count = static_cast<std::int64_t>(items);
  if (!next.is_null() && (next == asked || next == state_.mark)) {
    return Error{ErrorCode::invalid,
                 fmt::format("page {} leads back to one that was there before", state_.pages),
                 "the API repeats itself, or its pagination is described wrong"};
  }
  const auto wanted = std::min(count, caps_.items.value_or(count + state_.items) - state_.items);
  if (!caps_.pages && count > 0 && state_.pages > bounds_.pages)
    return too_much(bounds_.pages, "pages");
  if (!caps_.items && state_.items + count > bounds_.items) return too_much(bounds_.items, "items");
  state_.items += wanted;
  const bool is_last = next.is_null();
  state_.is_complete = is_last && wanted == count;
  state_.is_over = is_last || state_.items == caps_.items || state_.pages == caps_.pages;
  if (std::has_single_bit(static_cast<std::uint64_t>(state_.pages))) state_.mark = next;
  return static_cast<std::size_t>(wanted);
}

PageWalk gathering_walk(PageCaps caps, PageWalkState state) {
  const bool is_capped = caps.pages || caps.items;
  return {caps, is_capped ? kLargestBounds : kGatheredBounds, std::move(state)};
}

}  // namespace tba
