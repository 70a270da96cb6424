#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "shared/value/json.h"
#include "tests/support/engine_world.h"
#include "tests/support/result.h"

/// Steps that get lists page by page.

namespace {

using namespace tba;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using engine::AttemptOutcome;
using tests::EngineWorld;
using tests::succeeds;

Value json(std::string_view text) {
  return parse_json(text).value();
}

constexpr auto kAll = R"(
on: { manual: {} }
steps:
  - { id: repos, call: github/list-repos, paginate: true }
output: { repos: "${{ .steps.repos.body }}", pages: "${{ .steps.repos.pages }}", complete: "${{ .steps.repos.complete }}" }
)";

/// A list of numbers from 0 on, served in pages of that size. Where a page is, is its first number.
class Numbers {
 public:
  Numbers(std::int64_t count, std::int64_t size) : count_(count), size_(size) {}

  AttemptOutcome operator()(const engine::Attempt& attempt) const {
    const auto& page = std::get<engine::EndpointCall>(attempt.request).page;
    REQUIRE(page);
    const auto first = page->is_null() ? 0 : page->as_integer();
    const auto end = std::min(first + size_, count_);
    ArrayBuilder items;
    for (auto number = first; number < end; ++number) items.add(Value::integer(number));
    return succeeds(Value::object({{"status", Value::integer(200)},
                                   {"headers", Value::object({})},
                                   {"body", std::move(items).build()},
                                   {"next", end < count_ ? Value::integer(end) : Value()}}));
  }

 private:
  std::int64_t count_;
  std::int64_t size_;
};

std::string page(const std::string& step, int number) {
  return step + ".page[" + std::to_string(number) + "]";
}

/// The list answers the calls for all pages from now on.
void serve(EngineWorld& world, const std::string& step, const Numbers& list, int pages) {
  for (int number = 0; number < pages; ++number) world.runner.answer_with(page(step, number), list);
}

AttemptOutcome page_of(const std::string& items, const std::string& next) {
  return succeeds(
      json(R"({"status": 200, "headers": {}, "body": )" + items + R"(, "next": )" + next + "}"));
}

AttemptOutcome not_before(Instant turn) {
  AttemptOutcome outcome;
  outcome.failure = storage::Failure{"rate_limit", "it was called often enough", ""};
  outcome.certainly_not_acted = true;
  outcome.not_before = turn;
  return outcome;
}

}  // namespace

TEST_CASE("pages: all items of a list are gathered, page by page") {
  EngineWorld world;
  serve(world, "repos", Numbers(7, 3), 3);
  const auto id = world.start(kAll);
  const auto run = world.run(id);
  CHECK(run.status == RunStatus::succeeded);
  CHECK(json(run.output_json) ==
        json(R"({"repos": [0,1,2,3,4,5,6], "pages": 3, "complete": true})"));
  CHECK(world.runner.attempts.size() == 3);
  CHECK(world.step(id, page("repos", 2)).status == StepStatus::succeeded);
  CHECK(world.step(id, page("repos", 2)).result_json.empty());  // the step itself has the items
}

TEST_CASE("pages: an empty list is complete, too") {
  EngineWorld world;
  serve(world, "repos", Numbers(0, 3), 1);
  CHECK(json(world.run(world.start(kAll)).output_json) ==
        json(R"({"repos": [], "pages": 1, "complete": true})"));
}

TEST_CASE("pages: each is tried again by itself") {
  EngineWorld world;
  world.runner.answer_with(page("repos", 0), Numbers(4, 2));
  world.runner.answer(page("repos", 1), tests::answers(503));
  world.runner.answer_with(page("repos", 1), Numbers(4, 2));
  std::string text = kAll;
  text.replace(text.find("paginate: true"), 14, "paginate: true, retry: { attempts: 2 }");
  const auto id = world.start(text);
  CHECK(world.run(id).status == RunStatus::waiting);
  world.pass(1min);
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(world.runner.attempts_of(page("repos", 0)) == 1);
  CHECK(world.step(id, page("repos", 1)).attempt == 2);
}

TEST_CASE("pages: one that fails fails the step") {
  EngineWorld world;
  world.runner.answer_with(page("repos", 0), Numbers(4, 2));
  world.runner.answer(page("repos", 1), tests::answers(404));
  const auto run = world.run(world.start(kAll));
  CHECK(run.status == RunStatus::failed);
  REQUIRE(run.failure);
  CHECK(run.failure->kind == "http_status");
  CHECK(run.failure->step == page("repos", 1));
}

TEST_CASE("pages: a run that is killed between two of them goes on with the next one") {
  EngineWorld world;
  world.runner.answer_with(page("repos", 0), Numbers(7, 3));
  const auto id = world.start(kAll);  // the second page hangs
  CHECK(world.runner.attempts_of(page("repos", 1)) == 1);
  world.runner.answer_with(page("repos", 1), Numbers(7, 3));
  world.runner.answer_with(page("repos", 2), Numbers(7, 3));
  world.crash();
  world.settle();
  CHECK(json(world.run(id).output_json).find("repos")->size() == 7);
  CHECK(world.runner.attempts_of(page("repos", 0)) == 1);
  CHECK(world.runner.attempts_of(page("repos", 1)) == 2);
  CHECK(std::get<engine::EndpointCall>(world.runner.attempts[2].request).page == Value::integer(3));
}

TEST_CASE("pages: a run that is parked on the way goes on where it was, also after a restart") {
  EngineWorld world;
  world.runner.answer_with(page("repos", 0), Numbers(4, 2));
  world.runner.answer(page("repos", 1), not_before(world.clock.now() + 1h));
  world.runner.answer_with(page("repos", 1), Numbers(4, 2));
  const auto id = world.start(kAll);
  CHECK(world.run(id).status == RunStatus::waiting);
  world.crash();
  CHECK(world.runner.attempts.size() == 2);
  world.pass(1h);
  CHECK(json(world.run(id).output_json).find("repos")->size() == 4);
  CHECK(world.runner.attempts_of(page("repos", 0)) == 1);
}

TEST_CASE("pages: as many as are wanted are gathered, and it shows that there are others") {
  EngineWorld world;
  serve(world, "repos", Numbers(100, 10), 10);
  const auto gathered = [&](const std::string& caps) {
    std::string text = kAll;
    text.replace(text.find("paginate: true"), 14, "paginate: " + caps);
    return json(world.run(world.start(text)).output_json);
  };
  const auto pages = gathered("{ pages: 2 }");
  CHECK(pages.find("repos")->size() == 20);
  CHECK(*pages.find("complete") == Value::boolean(false));
  const auto items = gathered("{ items: 25 }");
  CHECK(items.find("repos")->size() == 25);
  CHECK(*items.find("pages") == Value::integer(3));
  CHECK(*items.find("complete") == Value::boolean(false));
  CHECK(*gathered("{ items: 500 }").find("complete") == Value::boolean(true));
}

TEST_CASE("pages: more than a step gathers unasked is a failure that says what to do") {
  EngineWorld world;
  serve(world, "repos", Numbers(1'000'000, 6'000), 3);
  const auto run = world.run(world.start(kAll));
  REQUIRE(run.failure);
  CHECK(run.failure->kind == "pagination");
  CHECK_THAT(run.failure->message,
             Contains("there are more than 10000 items") && Contains("paginate: { items: … }"));
  CHECK(world.runner.attempts.size() == 2);
}

TEST_CASE("pages: more bytes than a step gathers are a failure that says what to do") {
  EngineWorld world;
  const std::string large(9 << 20, 'x');
  for (int number = 0; number < 5; ++number)
    world.runner.answer(page("repos", number),
                        page_of("[\"" + large + "\"]", std::to_string(number + 1)));
  const auto run = world.run(world.start(kAll));
  REQUIRE(run.failure);
  CHECK(run.failure->message ==
        "the items take more than 32MiB (let `for_each` do them page by page)");
  CHECK(world.runner.attempts.size() == 4);
}

TEST_CASE("pages: a list that leads back to itself is a failure") {
  EngineWorld world;
  world.runner.answer(page("repos", 0), page_of("[1]", "\"a\""));
  world.runner.answer(page("repos", 1), page_of("[2]", "\"a\""));
  const auto run = world.run(world.start(kAll));
  REQUIRE(run.failure);
  CHECK(run.failure->kind == "pagination");
  CHECK_THAT(run.failure->message, Contains("page 2 leads back to one that was there before"));
}

TEST_CASE("pages: a run that is cancelled asks for no others") {
  EngineWorld world;
  world.runner.answer_with(page("repos", 0), Numbers(4, 2));
  const auto id = world.start(kAll);
  REQUIRE(world.await(world.engine().cancel(id)).has_value());
  world.settle();
  CHECK(world.run(id).status == RunStatus::cancelled);
  CHECK(world.step(id, "repos").status == StepStatus::cancelled);
  CHECK(world.step(id, page("repos", 1)).status == StepStatus::cancelled);
}

TEST_CASE("pages: one that may have acted interrupts the run, and a person decides about it") {
  const auto kOnce = R"(
on: { manual: {} }
steps:
  - { id: repos, call: github/list-repos, paginate: true, effect: once }
output: { repos: "${{ .steps.repos.body }}", complete: "${{ .steps.repos.complete }}" }
)";
  for (const bool repeats : {true, false}) {
    CAPTURE(repeats);
    EngineWorld world;
    world.runner.answer_with(page("repos", 0), Numbers(4, 2));
    world.runner.answer(page("repos", 1), tests::is_lost());
    world.runner.answer_with(page("repos", 1), Numbers(4, 2));
    const auto id = world.start(kOnce);
    CHECK(world.run(id).status == RunStatus::interrupted);
    using Decision = engine::Engine::Decision;
    const auto decision = repeats ? Decision::repeat : Decision::skip;
    REQUIRE(world.await(world.engine().resume(id, page("repos", 1), decision, "")).has_value());
    world.settle();
    CHECK(json(world.run(id).output_json) == json(repeats
                                                      ? R"({"repos": [0,1,2,3], "complete": true})"
                                                      : R"({"repos": [0,1], "complete": false})"));
  }
}

TEST_CASE("pages: a step in a loop gets them for each item, with the item at hand") {
  EngineWorld world;
  for (const std::string item : {"0", "1"})
    serve(world, "loop[" + item + "]/repos", Numbers(3, 2), 2);
  const auto id = world.start(R"(
on: { manual: {} }
steps:
  - id: loop
    for_each: [a, b]
    steps:
      - { id: repos, call: github/list-repos, with: { sort: "${{ .item }}" }, paginate: true, output: "${{ .steps.repos.body | length }}" }
output: { counts: "${{ .steps.loop.body }}" }
)");
  CHECK(json(world.run(id).output_json) == json(R"({"counts": [3, 3]})"));
  const auto& last = std::get<engine::EndpointCall>(world.runner.attempts.back().request);
  CHECK(last.parameters == json(R"({"sort": "b"})"));
}

TEST_CASE("pages: in finally a page that fails leaves its step failed, and the rest goes on") {
  EngineWorld world;
  world.runner.answer(page("repos", 0), tests::answers(404));
  const auto id = world.start(R"(
on: { manual: {} }
steps: [ { set: {} } ]
finally:
  - { id: repos, call: github/list-repos, paginate: true }
  - { id: after, set: { ok: true } }
)");
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(world.step(id, "repos").status == StepStatus::failed);
  CHECK(world.step(id, "after").status == StepStatus::succeeded);
}

TEST_CASE("pages: a retry from a later step takes the gathered items over") {
  EngineWorld world;
  serve(world, "repos", Numbers(3, 2), 2);
  world.runner.answer("after", tests::answers(404));
  world.runner.answer("after", succeeds());
  const auto id = world.start(R"(
on: { manual: {} }
steps:
  - { id: repos, call: github/list-repos, paginate: true }
  - { id: after, http: { url: "http://far.example/" } }
output: { repos: "${{ .steps.repos.body }}" }
)");
  engine::RetryRequest request;
  request.from = "after";
  const auto again = world.await(world.engine().retry(id, std::move(request)));
  REQUIRE(again);
  world.settle();
  CHECK(json(world.run(*again).output_json) == json(R"({"repos": [0, 1, 2]})"));
  CHECK(world.runner.attempts_of(page("repos", 0)) == 1);
}

// --- loops over pages
// ---------------------------------------------------------------------------------------------------

namespace {

constexpr auto kLoop = R"(
on: { manual: {} }
steps:
  - id: loop
    for_each: { call: github/list-repos }
    max_parallel: 2
    steps: [ { id: each, http: { url: "http://far.example/${{ .item }}/${{ .index }}" } } ]
output: { loop: "${{ .steps.loop.body }}" }
)";

std::string item(int index) {
  return "loop[" + std::to_string(index) + "]/each";
}

}  // namespace

TEST_CASE("loop over pages: every item is done, and what is left is how many there were") {
  EngineWorld world;
  serve(world, "loop", Numbers(7, 3), 3);
  for (int index = 0; index < 7; ++index) world.runner.answer(item(index), succeeds());
  const auto id = world.start(kLoop);
  CHECK(json(world.run(id).output_json) ==
        json(R"({"loop": {"items": 7, "pages": 3, "complete": true}})"));
  for (int index = 0; index < 7; ++index) CHECK(world.runner.attempts_of(item(index)) == 1);
  const auto last = std::ranges::find(world.runner.attempts, item(6), &engine::Attempt::step);
  REQUIRE(last != world.runner.attempts.end());
  CHECK(std::get<engine::RawRequest>(last->request).url == "http://far.example/6/6");
}

TEST_CASE("loop over pages: the next page is asked for when the items run low, and not before") {
  EngineWorld world;
  serve(world, "loop", Numbers(9, 4), 3);
  world.runner.answer(item(1), succeeds());
  world.runner.answer(item(2), succeeds());
  const auto id = world.start(kLoop);  // the items 0 and 3 hang: all of the first page are begun
  CHECK(world.runner.attempts_of(page("loop", 1)) == 1);
  CHECK(world.runner.attempts_of(page("loop", 2)) == 0);
  CHECK(world.runner.attempts_of(item(4)) == 0);
  const auto memo = json(world.step(id, "loop").memo_json);
  CHECK(memo.find("items")->size() == 6);  // 0 and 3 to 7, with 1 and 2 gone
  CHECK(memo.find("items")->find("1") == nullptr);
  CHECK(world.step(id, page("loop", 0)).result_json.empty());
}

TEST_CASE(
    "loop over pages: a run that is killed does no item twice that was done, and loses none") {
  EngineWorld world;
  serve(world, "loop", Numbers(9, 4), 3);
  for (const int index : {0, 1, 2, 4}) world.runner.answer(item(index), succeeds());
  const auto id = world.start(kLoop);  // 3 and 5 hang
  CHECK(world.runner.attempts_of(item(5)) == 1);
  for (const int index : {3, 5, 6, 7, 8}) world.runner.answer(item(index), succeeds());
  world.crash();
  world.settle();
  CHECK(json(world.run(id).output_json) ==
        json(R"({"loop": {"items": 9, "pages": 3, "complete": true}})"));
  for (const int index : {0, 1, 2, 4, 6, 7, 8}) CHECK(world.runner.attempts_of(item(index)) == 1);
  for (const int index : {3, 5}) CHECK(world.runner.attempts_of(item(index)) == 2);
  for (int number = 0; number < 3; ++number)
    CHECK(world.runner.attempts_of(page("loop", number)) == 1);
  for (const auto& attempt : world.runner.attempts) {
    const auto* raw = std::get_if<engine::RawRequest>(&attempt.request);
    if (!raw) continue;
    const auto index = attempt.step.substr(5, 1);
    CHECK(raw->url == "http://far.example/" + index + "/" + index);
  }
}

TEST_CASE("loop over pages: it survives a crash at every page") {
  EngineWorld world;
  serve(world, "loop", Numbers(40, 4), 10);
  for (int index = 0; index < 40; ++index) world.runner.answer(item(index), succeeds());
  for (int number = 1; number < 10; ++number) world.runner.hang(page("loop", number));
  const auto id = world.start(kLoop);
  for (int number = 1; number < 10; ++number) {
    CHECK(world.runner.attempts_of(page("loop", number)) == 1);
    world.runner.answer_with(page("loop", number), Numbers(40, 4));
    world.crash();
    world.settle();
    world.pass(5min);  // of suspects of so many crashes each is on trial
  }
  CHECK(json(world.run(id).output_json) ==
        json(R"({"loop": {"items": 40, "pages": 10, "complete": true}})"));
  for (int index = 0; index < 40; ++index) CHECK(world.runner.attempts_of(item(index)) == 1);
}

TEST_CASE("loop over pages: a page that is parked lets the items go on") {
  EngineWorld world;
  world.runner.answer_with(page("loop", 0), Numbers(4, 2));
  world.runner.answer(page("loop", 1), not_before(world.clock.now() + 1h));
  world.runner.answer_with(page("loop", 1), Numbers(4, 2));
  for (int index = 0; index < 4; ++index) world.runner.answer(item(index), succeeds());
  const auto id = world.start(kLoop);
  CHECK(world.run(id).status == RunStatus::waiting);
  CHECK(world.runner.attempts_of(item(1)) == 1);
  world.pass(1h);
  CHECK(world.run(id).status == RunStatus::succeeded);
  CHECK(world.runner.attempts_of(item(3)) == 1);
}

TEST_CASE("loop over pages: what is wanted of the list is a cap") {
  EngineWorld world;
  serve(world, "loop", Numbers(100, 10), 10);
  for (int index = 0; index < 100; ++index) world.runner.answer(item(index), succeeds());
  std::string text = kLoop;
  text.replace(text.find("list-repos }"), 12, "list-repos, paginate: { items: 15 } }");
  const auto id = world.start(text);
  CHECK(json(world.run(id).output_json) ==
        json(R"({"loop": {"items": 15, "pages": 2, "complete": false}})"));
  CHECK(world.runner.attempts_of(item(14)) == 1);
  CHECK(world.runner.attempts_of(item(15)) == 0);
}

TEST_CASE("loop over pages: an item or a page that fails fails the loop once all is at rest") {
  EngineWorld world;
  serve(world, "loop", Numbers(9, 4), 3);
  world.runner.answer(item(1), tests::answers(404));
  const auto id = world.start(kLoop);  // item 0 hangs
  CHECK(world.run(id).status == RunStatus::running);
  CHECK(world.runner.attempts_of(item(2)) == 0);
  REQUIRE(world.await(world.engine().cancel(id)).has_value());
  world.settle();
  CHECK(world.run(id).status == RunStatus::cancelled);

  EngineWorld other;
  other.runner.answer_with(page("loop", 0), Numbers(4, 2));
  other.runner.answer(page("loop", 1), tests::answers(404));
  for (const int index : {0, 1}) other.runner.answer(item(index), succeeds());
  const auto failed = other.run(other.start(kLoop));
  CHECK(failed.status == RunStatus::failed);
  CHECK(failed.failure->step == page("loop", 1));
}

TEST_CASE("loop over pages: pages without items are passed over") {
  EngineWorld world;
  world.runner.answer(page("loop", 0), page_of("[]", "1"));
  world.runner.answer(page("loop", 1), page_of("[]", "2"));
  world.runner.answer(page("loop", 2), page_of("[7]", "null"));
  world.runner.answer(item(0), succeeds());
  CHECK(json(world.run(world.start(kLoop)).output_json) ==
        json(R"({"loop": {"items": 1, "pages": 3, "complete": true}})"));
}
