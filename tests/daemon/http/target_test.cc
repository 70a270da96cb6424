#include "daemon/http/target.h"

#include <random>

#include <catch2/catch.hpp>

using tba::http::Target;

TEST_CASE("target: the path is decoded, segment by segment") {
  const auto target = Target::parse("/api/a%2Fb/%C3%BC?x=1").value();
  CHECK(target.path() == "/api/a/b/ü");
  REQUIRE(target.segment_count() == 3);
  CHECK(target.segment(0) == "api");
  CHECK(target.segment(1) == "a/b");
  CHECK(target.segment(2) == "ü");
  CHECK(target.from_segment(1) == "a/b/ü");
}

TEST_CASE("target: the query is read as forms write it") {
  const auto target = Target::parse("/?a=1+2&b&c=%26=&&a=3").value();
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"a", "1 2"}, {"b", ""}, {"c", "&="}, {"a", "3"}};
  CHECK(target.query == expected);
}

TEST_CASE("target: the root has one empty segment") {
  const auto target = Target::parse("/").value();
  REQUIRE(target.segment_count() == 1);
  CHECK(target.segment(0).empty());
}

TEST_CASE("target: the absolute form is taken") {
  CHECK(Target::parse("http://host:80/a?b=c").value().path() == "/a");
  CHECK(Target::parse("http://host").value().path() == "/");
}

TEST_CASE("target: what is no path, or hides something, is refused") {
  const std::string text =
      GENERATE(as<std::string>(), "", "*", "a/b", "host:80", "http://host?x", "/a#b", "/%", "/%4",
               "/%zz", "/%00", "/%0a", "/\x7f", "/a/../b", "/a/%2e%2E/b", "/.", "/a/.", "/%ff",
               "/?a=%ff", "/?a=%00", "/?a=%4");
  CAPTURE(text);
  const auto target = Target::parse(text);
  REQUIRE(!target);
  CHECK(target.error().code == tba::ErrorCode::invalid);
}

TEST_CASE("target: whatever is read, no segment climbs and the segments make up the path") {
  std::mt19937 random(42);
  const std::string_view alphabet = "/%2eE0fF.?&=+a\xc3\xbc#";
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = "/";
    for (auto n = random() % 12; n > 0; --n) text += alphabet[random() % alphabet.size()];
    const auto target = Target::parse(text);
    if (!target) continue;
    ++accepted;
    std::string joined;
    for (std::size_t n = 0; n < target->segment_count(); ++n) {
      const auto segment = target->segment(n);
      REQUIRE(segment != "..");
      REQUIRE(segment != ".");
      joined.append("/").append(segment);
    }
    REQUIRE(joined == target->path());
  }
  CHECK(accepted > 1'000);
}
