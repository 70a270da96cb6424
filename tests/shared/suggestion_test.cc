#include "shared/suggestion.h"

#include <catch2/catch.hpp>

using tba::did_you_mean;

TEST_CASE("suggestion: the nearest name is told") {
  CHECK(did_you_mean("fetsh", {"send", "fetch", "flesh"}) == " (did you mean 'fetch'?)");
  CHECK(did_you_mean("minimun", {"maximum", "minimum"}) == " (did you mean 'minimum'?)");
  CHECK(did_you_mean("Steps", {"steps"}) == " (did you mean 'steps'?)");
  CHECK(did_you_mean("setps", {"steps"}) == " (did you mean 'steps'?)");
  CHECK(did_you_mean("id", {"if"}) == " (did you mean 'if'?)");
}

TEST_CASE("suggestion: nothing is told where nothing is near") {
  CHECK(did_you_mean("banana", {"steps", "on"}).empty());
  CHECK(did_you_mean("", {"steps"}).empty());
  CHECK(did_you_mean("steps", {}).empty());
  CHECK(did_you_mean(std::string(100, 'a'), {std::string(100, 'a')}).empty());
}
