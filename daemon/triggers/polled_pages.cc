#include "daemon/triggers/polled_pages.h"

#include <utility>

#include <fmt/format.h>

#include "shared/size.h"

namespace tba::triggers {

Result<> PolledPages::add(const Value& page) {
  const Value* items = page.find("body");
  const Value* next = page.find("next");
  const auto wanted = walk_.add(where_, items ? items->size() : 0, next ? *next : Value());
  if (!wanted) return wanted.error();
  for (std::size_t i = 0; i < *wanted; ++i) items_.add(items->items()[i]);
  bytes_ += items ? items->bytes() : 0;
  if (bytes_ > kMostGatheredBytes) {
    return Error{ErrorCode::invalid,
                 fmt::format("the items take more than {}", format_size(kMostGatheredBytes)),
                 "say how many are wanted: paginate: { items: … }"};
  }
  where_ = next ? *next : Value();
  return {};
}

Value PolledPages::take_answer() {
  return Value::object({{"body", std::exchange(items_, {}).build()}});
}

}  // namespace tba::triggers
