#include "cli/json_stream.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace tba::tests {
namespace {

std::vector<std::string> pieces_of(std::string_view text) {
  std::vector<std::string> pieces;
  cli::JsonStream stream(text);
  while (const auto piece = stream.next()) pieces.emplace_back(*piece);
  return pieces;
}

}  // namespace

TEST_CASE("json stream: values are cut apart as jq does") {
  using Pieces = std::vector<std::string>;
  CHECK(pieces_of("") == Pieces{});
  CHECK(pieces_of(" \n") == Pieces{});
  CHECK(pieces_of("1 2\n\"a b\"true") == Pieces{"1", "2", "\"a b\"", "true"});
  CHECK(pieces_of(R"({"a":"}"}[1,[2]]"\"]" null)") ==
        Pieces{R"({"a":"}"})", "[1,[2]]", R"("\"]")", "null"});
}

TEST_CASE("json stream: what is no JSON still comes to an end") {
  using Pieces = std::vector<std::string>;
  CHECK(pieces_of("[1") == Pieces{"[1"});
  CHECK(pieces_of("\"a\\") == Pieces{"\"a\\"});
  CHECK(pieces_of("],1") == Pieces{"]", ",", "1"});
}

}  // namespace tba::tests
