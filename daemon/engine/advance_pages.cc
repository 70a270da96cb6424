#include <algorithm>
#include <charconv>
#include <utility>

#include "daemon/engine/advance.h"
#include "shared/size.h"

/// Lists that come page by page: the call of each is a step of its own, `<step>.page[<number>]`,
/// with its attempts and what it has left.
namespace tba::engine {
namespace {

PageWalk walk_of(const Pages& pages, PageWalkState state = {}) {
  return {pages.caps, kLargestBounds, std::move(state)};
}

std::int64_t integer_in(const Value& object, std::string_view name) {
  const Value* value = object.find(name);
  return value && value->is_integer() ? value->as_integer() : 0;
}

bool flag_in(const Value& object, std::string_view name) {
  const Value* value = object.find(name);
  return value && value->is_boolean() && value->as_boolean();
}

Value value_in(const Value& object, std::string_view name) {
  const Value* value = object.find(name);
  return value ? *value : Value();
}

std::size_t index_in(std::string_view text) {
  std::size_t index = 0;
  std::from_chars(text.data(), text.data() + text.size(), index);
  return index;
}

/// What a loop keeps of the pages, beside those of its items that are not done.
Value memo_of(const Loop& loop, const Paging& paging) {
  const auto& state = paging.walk.state();
  ObjectBuilder items;
  for (const auto& [index, item] : loop.held) items.put(std::to_string(index), item);
  return Value::object({{"items", std::move(items).build()},
                        {"pages", Value::integer(state.pages)},
                        {"taken", Value::integer(state.items)},
                        {"mark", state.mark},
                        {"complete", Value::boolean(state.is_complete)},
                        {"over", Value::boolean(state.is_over)},
                        {"where", paging.where}});
}

Paging paging_of(const Pages& pages, const Value& memo) {
  PageWalkState state;
  state.pages = integer_in(memo, "pages");
  state.items = integer_in(memo, "taken");
  state.mark = value_in(memo, "mark");
  state.is_complete = flag_in(memo, "complete");
  state.is_over = flag_in(memo, "over");
  return {walk_of(pages, std::move(state)), value_in(memo, "where")};
}

}  // namespace

/// The step that calls for the page of that number.
StepState* Advance::find_page(Underway at, std::int64_t number) {
  return state_.steps.find(page_key(at, number));
}

std::string Advance::page_key(Underway at, std::int64_t number) {
  return at.state.row.key + std::string(kPageSuffix) + "[" + std::to_string(number) + "]";
}

/// Works on the call of the next page. Gives it once it has ended; null where it is on its way, or
/// cannot begin.
StepState* Advance::work_page(const Pages& pages, Underway at, Mode mode, bool& is_busy) {
  const auto& call = pages.call.front();
  const auto& paging = *at.state.paging;
  auto* page = find_page(at, paging.walk.pages());
  is_busy = true;
  if (!page && mode != Mode::go) {
    is_busy = mode == Mode::hold;
    return nullptr;
  }
  if (!page && !around_.may_start_attempts) {
    is_held_back_ = true;
    return nullptr;
  }
  if (!page) {
    page = &open_row(call, page_key(at, paging.walk.pages()));
    page->memo = Value::object({{"page", paging.where}});
    start_attempt({call, *page, at.scope}, 1);
  }
  if (!is_final(page->row.status)) go_on({call, *page, at.scope}, mode);
  if (!is_final(page->row.status)) return nullptr;
  is_busy = false;
  return page;
}

/// Takes a page that has ended into account. Gives its items, as many of them as are wanted;
/// nothing where there are none to go on with.
std::optional<Value> Advance::take_page(Underway at, StepState& page) {
  auto& paging = *at.state.paging;
  if (page.row.status == StepStatus::failed)
    note_failure(at, {.is_busy = false, .failure = page.row.failure});
  if (page.row.status == StepStatus::skipped) paging.walk.stop();
  if (page.row.status != StepStatus::succeeded) return std::nullopt;
  auto items = value_in(page.result, "body");
  auto next = value_in(page.result, "next");
  const auto wanted = paging.walk.add(paging.where, items.size(), next);
  if (!wanted) {
    const auto hint = wanted.error().hint.empty() ? "" : " (" + wanted.error().hint + ")";
    note_failure(at, {.is_busy = false,
                      .failure = storage::Failure{"pagination", wanted.error().message + hint,
                                                  page.row.key}});
    return std::nullopt;
  }
  paging.where = std::move(next);
  if (*wanted == items.size()) return items;
  return Value::array(std::span(items.items()).first(*wanted));
}

/// Its items stand elsewhere from now on.
void Advance::clear_page(StepState& page) {
  page.result = Value();
  page.memo = Value();
  state_.steps.touch(page);
}

// --- all items
// ----------------------------------------------------------------------------------------------------------

void Advance::begin(const PagesStep&, Underway at) {
  open(at, Value());
}

/// Goes on from page to page; a run that was read back looks at those that were got once more.
void Advance::go_on(const PagesStep& step, Underway at, Mode mode) {
  if (!at.state.paging)
    at.state.paging = std::make_unique<Paging>(Paging{gathering_walk(step.pages.caps), Value()});
  auto& paging = *at.state.paging;
  bool is_busy = false;
  while (!paging.walk.is_over()) {
    auto* page = work_page(step.pages, at, mode_inside(at, mode), is_busy);
    const auto items = page ? take_page(at, *page) : std::nullopt;
    if (!items) break;
    paging.bytes += items->bytes();
    if (paging.bytes <= kMostGatheredBytes) continue;
    note_failure(at, {.is_busy = false,
                      .failure = storage::Failure{"pagination",
                                                  "the items take more than " +
                                                      format_size(kMostGatheredBytes) +
                                                      " (let `for_each` do them page by page)",
                                                  page->row.key}});
    break;
  }
  const bool is_done = paging.walk.is_over() && !at.state.row.failure && mode == Mode::go;
  close(at, mode, is_busy, is_done ? gathered(at) : Value());
}

/// What a step leaves that has come to the end: the items of all pages, which have no use for them
/// any more.
Value Advance::gathered(Underway at) {
  const auto& walk = at.state.paging->walk;
  ArrayBuilder all;
  for (std::int64_t number = 0; number < walk.pages(); ++number) {
    auto& page = *find_page(at, number);
    const auto items = value_in(page.result, "body");
    for (const auto& item : items.items()) {
      if (static_cast<std::int64_t>(all.size()) < walk.items()) all.add(item);
    }
    clear_page(page);
  }
  return Value::object({{"body", std::move(all).build()},
                        {"pages", Value::integer(walk.pages())},
                        {"complete", Value::boolean(walk.is_complete())}});
}

// --- items for a loop
// ---------------------------------------------------------------------------------------------------

/// What a loop over pages begins with.
Value Advance::first_memo(const Pages& pages) {
  return memo_of(Loop(), Paging{walk_of(pages), Value()});
}

/// Finds out how far a loop over pages had come. Items that are not held any more were done.
void Advance::restore_pages(const Pages& pages, Underway at) {
  auto& loop = *at.state.loop;
  at.state.paging = std::make_unique<Paging>(paging_of(pages, at.state.memo));
  for (const auto& member : at.state.memo.find("items")->members())
    loop.held.emplace(index_in(member.name), member.value);
  for (const auto index : std::vector(loop.active.begin(), loop.active.end())) {
    if (loop.held.contains(index)) continue;
    loop.active.erase(index);
    state_.steps.forget(item_prefix(at, index));
  }
}

/// Takes the page that has come, and asks for the next one where the items run low. Says whether
/// one is on its way.
bool Advance::work_pages(const ForEachStep& step, Underway at, Mode mode) {
  auto& loop = *at.state.loop;
  auto& paging = *at.state.paging;
  const auto is_wanted = [&] {
    if (paging.walk.is_over()) return false;
    const auto left = static_cast<std::size_t>(paging.walk.items()) - loop.next;
    return left < step.max_parallel || find_page(at, paging.walk.pages()) != nullptr;
  };
  bool is_busy = false;
  while (!is_busy && is_wanted()) {
    auto* page = work_page(*step.pages, at, mode_inside(at, mode), is_busy);
    const auto items = page ? take_page(at, *page) : std::nullopt;
    if (!items) return is_busy;
    hold_items(at, *items);
    clear_page(*page);
  }
  return is_busy;
}

/// The loop has these items too, and has kept them once this is stored. Those that are done go.
void Advance::hold_items(Underway at, const Value& items) {
  auto& loop = *at.state.loop;
  const auto& paging = *at.state.paging;
  std::erase_if(loop.held, [&](const auto& each) {
    return each.first < loop.next && !loop.active.contains(each.first);
  });
  auto index = static_cast<std::size_t>(paging.walk.items()) - items.size();
  for (const auto& item : items.items()) loop.held.emplace(index++, item);
  at.state.memo = memo_of(loop, paging);
  state_.steps.touch(at.state);
}

/// What a loop over pages leaves.
Value Advance::count_of(Underway at) {
  const auto& walk = at.state.paging->walk;
  return Value::object({{"items", Value::integer(walk.items())},
                        {"pages", Value::integer(walk.pages())},
                        {"complete", Value::boolean(walk.is_complete())}});
}

}  // namespace tba::engine
