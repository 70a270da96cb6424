#include "daemon/net/turns.h"

#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

using tba::net::Turns;

namespace {

/// Takes all whose turn it is.
std::vector<int> next_of(Turns<int>& turns) {
  std::vector<int> items;
  while (const auto item = turns.next()) items.push_back(*item);
  return items;
}

using Items = std::vector<int>;

}  // namespace

TEST_CASE("turns: of a group only so many are under way, and the next come in order") {
  Turns<int> turns(2, 10);
  for (int i = 1; i <= 5; ++i) turns.add("a", i);
  CHECK(next_of(turns) == Items{1, 2});
  turns.end("a");
  CHECK(next_of(turns) == Items{3});
  turns.end("a");
  turns.end("a");
  CHECK(next_of(turns) == Items{4, 5});
  turns.end("a");
  turns.end("a");
  CHECK(next_of(turns).empty());
}

TEST_CASE("turns: a group of which a lot is asked keeps no other waiting") {
  Turns<int> turns(2, 10);
  for (int i = 1; i <= 5; ++i) turns.add("a", i);
  turns.add("b", 11);
  turns.add("b", 12);
  CHECK(next_of(turns) == Items{1, 11, 2, 12});
}

TEST_CASE("turns: only so many are under way in all, and groups take turns") {
  Turns<int> turns(3, 4);
  for (int i = 1; i <= 4; ++i) turns.add("a", i);
  for (int i = 11; i <= 14; ++i) turns.add("b", i);
  CHECK(next_of(turns) == Items{1, 11, 2, 12});
  turns.end("b");
  CHECK(next_of(turns) == Items{3});
  turns.end("a");
  turns.end("a");
  CHECK(next_of(turns) == Items{13, 4});
}

TEST_CASE("turns: what waits can be taken away, and others come afterwards") {
  Turns<int> turns(1, 2);
  for (int i = 1; i <= 2; ++i) turns.add("a", i);
  CHECK(next_of(turns) == Items{1});
  turns.add("b", 11);
  auto waiting = turns.take_waiting();
  std::ranges::sort(waiting);
  CHECK(Items(waiting.begin(), waiting.end()) == Items{2, 11});
  CHECK(next_of(turns).empty());
  turns.end("a");
  turns.add("a", 3);
  turns.add("b", 12);
  CHECK(next_of(turns) == Items{3, 12});
}
