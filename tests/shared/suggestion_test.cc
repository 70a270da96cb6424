#include "shared/suggestion.h"

#include <catch2/catch.hpp>

using tba::did_you_mean;
using tba::slip_of;

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

TEST_CASE("suggestion: a slip is a single edit of a longer name") {
  CHECK(slip_of("titel", {"body", "title"}) == " (did you mean 'title'?)");
  CHECK(slip_of("nam", {"name"}) == " (did you mean 'name'?)");
  CHECK(slip_of("Title", {"title"}) == " (did you mean 'title'?)");
  CHECK(slip_of("hooks_url", {"blobs_url"}).empty());
  CHECK(slip_of("id", {"if"}).empty());
}
