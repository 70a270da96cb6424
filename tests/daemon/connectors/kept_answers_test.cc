#include "daemon/connectors/kept_answers.h"

#include <catch2/catch.hpp>

using tba::connectors::KeptAnswers;
using tba::net::HeaderFields;
using tba::net::HttpRequest;
using tba::net::HttpResponse;

namespace {

const HeaderFields kTagged{{"content-type", "text/plain"}, {"etag", "\"1\""}, {"x-left", "9"}};

tba::vault::Credential credential(std::uint8_t id, std::int64_t version = 1) {
  tba::vault::Credential made;
  made.id.bytes[15] = id;
  made.version = version;
  return made;
}

HttpRequest get(std::string url = "https://a.example/1", HeaderFields headers = {}) {
  return {.url = std::move(url), .headers = std::move(headers)};
}

std::string header(const HeaderFields& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "none";
}

/// Answers to requests, as somebody gives them who knows the whole one.
struct World {
  /// The condition that the request was sent with.
  std::string ask(HttpRequest request, const tba::vault::Credential* by = nullptr) {
    question = kept.ask(request, by, terms);
    return header(request.headers, "If-None-Match");
  }
  HttpResponse answer(int status, HeaderFields headers = kTagged, std::string body = "whole") {
    return kept.settle(question, {status, std::move(headers), std::move(body)});
  }
  void keep(const HttpRequest& request, const tba::vault::Credential* by = nullptr) {
    ask(request, by);
    answer(200);
  }

  /// What answers the question without asking, or "none".
  std::string unasked(HttpRequest request = get(), const tba::vault::Credential* by = nullptr) {
    ask(std::move(request), by);
    const auto answer = question.answer();
    return answer ? answer->body : "none";
  }

  KeptAnswers kept;
  KeptAnswers::Terms terms{.revalidate = true};
  KeptAnswers::Question question;
};

/// Where answers are used for ten minutes, and then asked for anew.
struct FreshWorld : World {
  FreshWorld() { terms = {.fresh_for = std::chrono::minutes(10)}; }
};

}  // namespace

TEST_CASE("kept answers: one that has not changed is given whole, with the news") {
  World world;
  CHECK(world.ask(get()) == "none");
  const auto first = world.answer(200);
  CHECK(first.headers == kTagged);
  CHECK(world.ask(get()) == "\"1\"");
  const auto second = world.answer(
      304, {{"x-left", "8"}, {"etag", "\"1\""}, {"content-length", "0"}, {"x-new", "a"}}, "");
  CHECK(second.status == 200);
  CHECK(second.body == "whole");
  CHECK(second.headers == HeaderFields{{"content-type", "text/plain"},
                                       {"x-left", "8"},
                                       {"etag", "\"1\""},
                                       {"x-new", "a"},
                                       {"tba-kept", "revalidated"}});
  world.ask(get());
  const auto third = world.answer(304, {}, "");
  CHECK(header(third.headers, "x-left") == "8");
  CHECK(std::ranges::count(third.headers,
                           std::pair<std::string, std::string>("tba-kept", "revalidated")) == 1);
}

TEST_CASE("kept answers: one that has changed takes the place of the old one") {
  World world;
  world.keep(get());
  world.ask(get());
  CHECK(world.answer(200, {{"etag", "\"2\""}}, "new").body == "new");
  CHECK(world.ask(get()) == "\"2\"");
  CHECK(world.answer(304, {}, "").body == "new");
}

TEST_CASE("kept answers: a time of change will do as well") {
  World world;
  world.ask(get());
  world.answer(200, {{"last-modified", "Mon, 23 Nov 2026 09:00:00 GMT"}});
  auto request = get();
  world.kept.ask(request, nullptr, world.terms);
  CHECK(header(request.headers, "If-Modified-Since") == "Mon, 23 Nov 2026 09:00:00 GMT");
  CHECK(header(request.headers, "If-None-Match") == "none");
}

TEST_CASE("kept answers: each credential, and each setting of it, has its own") {
  World world;
  const auto mine = credential(1);
  const auto yours = credential(2);
  const auto mine_anew = credential(1, 2);
  world.keep(get(), &mine);
  CHECK(world.ask(get(), &mine) == "\"1\"");
  CHECK(world.ask(get(), &yours) == "none");
  CHECK(world.ask(get(), &mine_anew) == "none");
  CHECK(world.ask(get()) == "none");

  world.keep(get("https://a.example/1", {{"Authorization", "Bearer by a step"}}));
  CHECK(world.ask(get("https://a.example/1", {{"Authorization", "Bearer of another"}})) == "none");
}

TEST_CASE("kept answers: another URL, or other headers, are another question") {
  World world;
  world.keep(get("https://a.example/1", {{"Accept", "text/plain"}}));
  CHECK(world.ask(get("https://a.example/1", {{"accept", "text/plain"}})) == "\"1\"");
  CHECK(world.ask(get("https://a.example/1", {{"Accept", "text/html"}})) == "none");
  CHECK(world.ask(get("https://a.example/1?page=2", {{"Accept", "text/plain"}})) == "none");
}

TEST_CASE("kept answers: what has a condition of its own, or changes something, is left alone") {
  World world;
  world.keep(get());
  CHECK(world.ask(get("https://a.example/1", {{"if-none-match", "\"own\""}})) == "none");
  CHECK(world.answer(304, {}, "").status == 304);
  CHECK(world.ask(get("https://a.example/1", {{"Range", "bytes=0-9"}})) == "none");
  auto post = get();
  post.method = "POST";
  CHECK(world.ask(post) == "none");
  world.answer(200);
  CHECK(world.ask(get()) == "\"1\"");
}

TEST_CASE("kept answers: only what can be asked about is kept") {
  for (const auto& headers :
       std::vector<HeaderFields>{{{"content-type", "text/plain"}},
                                 {{"etag", "\"1\""}, {"cache-control", "private, No-Store"}},
                                 {{"etag", "\"1\""}, {"vary", "*"}}}) {
    World world;
    world.ask(get());
    world.answer(200, headers);
    CHECK(world.ask(get()) == "none");
    CHECK(world.kept.bytes() == 0);
  }
  World world;
  world.ask(get());
  CHECK(world.answer(304, {}, "").status == 304);  // which nobody asked for
  world.ask(get());
  world.answer(206);
  CHECK(world.ask(get()) == "none");
}

TEST_CASE("kept answers: what is gone is forgotten, a fault of the API is none of it") {
  World world;
  world.keep(get());
  world.ask(get());
  world.answer(503);
  CHECK(world.ask(get()) == "\"1\"");
  world.answer(404);
  CHECK(world.ask(get()) == "none");
}

TEST_CASE("kept answers: take no more room than they may, and the oldest go") {
  KeptAnswers kept(100'000);
  const auto ask = [&](int number) {
    auto request = get("https://a.example/" + std::to_string(number));
    auto question = kept.ask(request, nullptr, {.revalidate = true});
    kept.settle(question, {200, kTagged, std::string(4'000, 'a')});
    return header(request.headers, "If-None-Match") != "none";
  };
  for (int i = 0; i < 200; ++i) {
    ask(i);
    CHECK(ask(0) == true);
    CHECK(kept.bytes() <= 100'000);
  }
  CHECK(kept.bytes() > 50'000);
  CHECK_FALSE(ask(1));

  auto request = get("https://a.example/large");
  auto question = kept.ask(request, nullptr, {.revalidate = true});
  CHECK(kept.settle(question, {200, kTagged, std::string(8'000, 'a')}).body.size() == 8'000);
  request = get("https://a.example/large");
  kept.ask(request, nullptr, {.revalidate = true});
  CHECK(request.headers.empty());
}

TEST_CASE("kept answers: a young one is used without asking, an old one is not") {
  FreshWorld world;
  CHECK(world.unasked() == "none");
  const HeaderFields untagged{{"content-type", "text/plain"}, {"cache-control", "max-age=0"}};
  world.answer(200, untagged, "first");
  world.terms.now += std::chrono::minutes(10) - std::chrono::milliseconds(1);
  CHECK(world.unasked() == "first");
  const auto answer = world.question.answer();
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(header(answer->headers, "tba-kept") == "fresh");
  world.terms.now += std::chrono::milliseconds(1);
  CHECK(world.unasked() == "none");
  CHECK(world.ask(get()) == "none");
  world.answer(200, untagged, "second");
  CHECK(world.unasked() == "second");
  world.terms.now -= std::chrono::hours(1);  // the clock is set back
  CHECK(world.unasked() == "none");
}

TEST_CASE("kept answers: one that has become old may still be asked about") {
  FreshWorld world;
  world.terms.revalidate = true;
  world.keep(get());
  CHECK(world.unasked() == "whole");
  world.terms.now += std::chrono::minutes(10);
  CHECK(world.ask(get()) == "\"1\"");
  CHECK(header(world.answer(304, {}, "").headers, "tba-kept") == "revalidated");
  CHECK(world.unasked() == "whole");  // it is young again
  CHECK(header(world.question.answer()->headers, "tba-kept") == "fresh");
}

TEST_CASE("kept answers: who must ask does, and others use the answer") {
  FreshWorld world;
  world.keep(get());
  world.terms.must_ask = true;
  CHECK(world.unasked() == "none");
  world.answer(200, {}, "newer");
  world.terms.must_ask = false;
  CHECK(world.unasked() == "newer");
}

TEST_CASE("kept answers: two that ask at once both do") {
  FreshWorld world;
  auto first = get();
  auto second = get();
  const auto one = world.kept.ask(first, nullptr, world.terms);
  const auto other = world.kept.ask(second, nullptr, world.terms);
  CHECK_FALSE(one.answer());
  CHECK_FALSE(other.answer());
  world.kept.settle(one, {200, {}, "one"});
  world.kept.settle(other, {200, {}, "other"});
  CHECK(world.unasked() == "other");
}

TEST_CASE("kept answers: what an answer forbids is not done, nor is a failure used again") {
  for (const std::string control : {"no-store", "private, No-Cache"}) {
    CAPTURE(control);
    FreshWorld world;
    world.terms.revalidate = true;
    world.ask(get());
    world.answer(200, {{"etag", "\"1\""}, {"cache-control", control}});
    CHECK(world.unasked() == "none");
  }
  FreshWorld world;
  world.ask(get());
  world.answer(404);
  CHECK(world.unasked() == "none");
  world.keep(get());
  CHECK(world.unasked() == "whole");
  world.kept.drop(world.question);
  CHECK(world.unasked() == "none");
  CHECK(world.kept.bytes() == 0);
}

TEST_CASE("kept answers: a young one is for its credential, as it is set") {
  FreshWorld world;
  const auto mine = credential(1);
  const auto mine_anew = credential(1, 2);
  const auto yours = credential(2);
  world.keep(get(), &mine);
  CHECK(world.unasked(get(), &mine) == "whole");
  CHECK(world.unasked(get(), &mine_anew) == "none");
  CHECK(world.unasked(get(), &yours) == "none");
  CHECK(world.unasked() == "none");
}
