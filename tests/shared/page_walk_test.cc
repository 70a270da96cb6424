#include "shared/page_walk.h"

#include <catch2/catch.hpp>

#include "tests/support/result.h"

using Catch::Matchers::Contains;
using tba::PageBounds;
using tba::PageCaps;
using tba::PageWalk;
using tba::Value;

namespace {

constexpr PageBounds kBounds{5, 20};

Value at(std::int64_t place) {
  return Value::integer(place);
}

}  // namespace

TEST_CASE("page walk: it ends with the page behind which there is none") {
  PageWalk walk({}, kBounds);
  CHECK(walk.add(Value(), 3, at(2)).value() == 3);
  CHECK_FALSE(walk.is_over());
  CHECK(walk.add(at(2), 2, Value()).value() == 2);
  CHECK(walk.is_over());
  CHECK(walk.is_complete());
  CHECK(walk.pages() == 2);
  CHECK(walk.items() == 5);
}

TEST_CASE("page walk: a cap ends it, and it shows that there was more") {
  PageWalk pages(PageCaps{.pages = 2, .items = {}}, kBounds);
  (void)pages.add(Value(), 3, at(2)).value();
  CHECK(pages.add(at(2), 3, at(3)).value() == 3);
  CHECK(pages.is_over());
  CHECK_FALSE(pages.is_complete());

  PageWalk items(PageCaps{.pages = {}, .items = 4}, kBounds);
  (void)items.add(Value(), 3, at(2)).value();
  CHECK(items.add(at(2), 3, Value()).value() == 1);
  CHECK(items.is_over());
  CHECK_FALSE(items.is_complete());
  CHECK(items.items() == 4);
}

TEST_CASE("page walk: a list that is just as long as the cap is complete") {
  PageWalk walk(PageCaps{.pages = {}, .items = 3}, kBounds);
  CHECK(walk.add(Value(), 3, Value()).value() == 3);
  CHECK(walk.is_complete());
}

TEST_CASE("page walk: what is more than the bounds is an error that says what to do") {
  PageWalk pages({}, kBounds);
  for (std::int64_t page = 1; page <= 5; ++page) (void)pages.add(at(page), 1, at(page + 1)).value();
  const auto sixth = pages.add(at(6), 1, at(7));
  REQUIRE(sixth.has_error());
  CHECK(sixth.error().message == "there are more than 5 pages");
  CHECK_THAT(sixth.error().hint, Contains("paginate: { pages: … }"));

  PageWalk items({}, kBounds);
  CHECK(items.add(Value(), 20, at(2)).has_value());
  CHECK(items.add(at(2), 1, Value()).error().message == "there are more than 20 items");

  PageWalk end({}, kBounds);
  for (std::int64_t page = 1; page <= 5; ++page) (void)end.add(at(page), 4, at(page + 1)).value();
  CHECK(end.add(at(6), 0, Value()).has_value());  // an empty page behind the last
  CHECK(end.is_complete());
}

TEST_CASE("page walk: a way that stays where it is, or leads in a circle, is found out") {
  PageWalk stays({}, tba::kLargestBounds);
  (void)stays.add(Value(), 1, at(2)).value();
  const auto again = stays.add(at(2), 1, at(2));
  REQUIRE(again.has_error());
  CHECK(again.error().message == "page 2 leads back to one that was there before");

  PageWalk circle({}, tba::kLargestBounds);
  std::int64_t page = 0;
  int pages = 0;
  for (; pages < 100; ++pages) {
    const std::int64_t next = page == 12 ? 6 : page + 1;  // seven pages, again and again
    if (circle.add(at(page), 1, at(next)).has_error()) break;
    page = next;
  }
  CHECK(pages < 3 * 13);
}

TEST_CASE("page walk: it goes on from what is remembered of it") {
  PageWalk walk({}, kBounds);
  (void)walk.add(Value(), 3, at(2)).value();
  PageWalk again({}, kBounds, walk.state());
  CHECK(again.pages() == 1);
  CHECK(again.add(at(2), 1, at(2)).has_error());
  CHECK(PageWalk({}, kBounds, walk.state()).add(at(3), 1, at(2)).has_error());
  again = PageWalk({}, kBounds, walk.state());
  again.stop();
  CHECK(again.is_over());
  CHECK_FALSE(again.is_complete());
}
