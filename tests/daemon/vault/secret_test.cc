#include "daemon/vault/secret.h"

#include <concepts>
#include <utility>

#include <catch2/catch.hpp>

using tba::vault::Secret;

static_assert(!std::copyable<Secret>);
static_assert(std::movable<Secret>);

namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
static_assert(!Printable<Secret>);

}  // namespace

TEST_CASE("secret: it holds a copy of the bytes it was made of") {
  std::string original("a\0b", 3);
  const Secret secret(original);
  original.assign(3, 'x');
  CHECK((secret.view() == std::string_view("a\0b", 3)));
  CHECK(secret.size() == 3);
  CHECK_FALSE(secret.empty());
}

TEST_CASE("secret: moving takes the bytes along, cloning leaves them") {
  Secret first("token");
  Secret second = std::move(first);
  CHECK((second.view() == "token"));

  const auto clone = second.clone();
  CHECK((clone == second));
  CHECK(clone.view().data() != second.view().data());

  Secret third("other");
  third = std::move(second);
  CHECK((third.view() == "token"));
}

TEST_CASE("secret: the empty one is equal to itself alone") {
  CHECK((Secret() == Secret("")));
  CHECK_FALSE((Secret() == Secret("x")));
  CHECK((Secret().view() == ""));
  CHECK(Secret().clone().empty());
}

TEST_CASE("secret: equality looks at every byte and at the size") {
  CHECK((Secret("abc") == Secret("abc")));
  CHECK_FALSE((Secret("abc") == Secret("abd")));
  CHECK_FALSE((Secret("abc") == Secret("abcd")));
}

TEST_CASE("secret: a wiped text leaves no trace in its memory") {
  std::string text(100, 's');
  text.resize(40);  // the other sixty are still there, behind its end
  const auto capacity = text.capacity();
  tba::vault::wipe(text);
  CHECK(text.empty());
  REQUIRE(text.capacity() == capacity);

  const char* memory = text.data();
  for (std::size_t i = 0; i < capacity; ++i) REQUIRE(memory[i] == '\0');
}
