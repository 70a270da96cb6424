#include "daemon/engine/definition.h"

#include <catch2/catch.hpp>

#include "shared/connector_reader.h"
#include "shared/diagnostic.h"
#include "shared/workflow_reader.h"
#include "tests/support/result.h"

using Catch::Matchers::Contains;
using tba::Diagnostics;
using tba::Effect;
using tba::ErrorCode;
using tba::engine::define;
using tba::engine::Definition;
using tba::engine::definition_from;
using tba::engine::version_of;

namespace {

using Connectors = std::map<std::string, std::shared_ptr<const tba::Connector>, std::less<>>;

const std::string kPlain = R"(
connector: shop
base_url: https://shop.example
endpoints:
  look: { method: GET, path: / }
  replace: { method: PUT, path: / }
  order: { method: POST, path: / }
  change: { method: PATCH, path: / }
)";
const std::string kKeyed = kPlain + R"(
idempotency: { header: Idempotency-Key }
retry: { attempts: 7 }
)";
const std::string kSteps = R"(
on: { manual: {} }
steps:
  - { id: look, call: shop/look }
  - { id: replace, call: shop/replace }
  - { id: order, call: shop/order }
  - { id: change, call: shop/change }
  - { id: get, http: { url: "http://far.example/" } }
  - { id: post, http: { method: POST, url: "http://far.example/" } }
  - { id: program, run: [echo] }
  - { id: data, set: { a: 1 } }
  - { id: pause, wait: { for: 1s } }
  - { id: said, http: { method: POST, url: "http://far.example/" }, effect: keyed, retry: { attempts: 2 } }
on_failure: [ { id: sorry, set: { a: 1 } } ]
)";

std::shared_ptr<const Definition> definition(const std::string& connector_text,
                                             const std::string& text = kSteps) {
  Diagnostics diagnostics;
  auto connector = tba::read_connector("shop.yaml", connector_text, diagnostics);
  INFO(diagnostics.render());
  REQUIRE(connector);
  auto shared = std::make_shared<const tba::Connector>(std::move(*connector));
  tba::ConnectorCatalog catalog;
  catalog.put(shared);
  auto workflow = tba::read_workflow("/flows/buy.yaml", text, {.catalog = &catalog}, diagnostics);
  INFO(diagnostics.render());
  REQUIRE(workflow);
  return define(std::move(*workflow), Connectors{{"shop", shared}});
}

std::string effect(const Definition& definition, const std::string& step) {
  return std::string(name_of(effect_of(definition, *definition.step(step))));
}

int attempts(const Definition& definition, const std::string& step) {
  return retry_policy_of(definition, *definition.step(step)).attempts;
}

std::string refusal(const std::string& stored) {
  const auto read = definition_from({{}, "buy", stored});
  REQUIRE_FALSE(read);
  return read.error().message;
}

}  // namespace

TEST_CASE("definition: what is kept gives the same definition again") {
  const auto original = definition(kKeyed);
  const auto kept = version_of(*original);
  CHECK(kept.hash == original->hash);
  CHECK(kept.workflow == "buy");
  const auto again = definition_from(kept);
  REQUIRE(again);
  CHECK((*again)->hash == original->hash);
  CHECK((*again)->workflow->path == "/flows/buy.yaml");
  CHECK((*again)->workflow->steps.size() == original->workflow->steps.size());
  CHECK((*again)->connectors.at("shop")->idempotency.header == "Idempotency-Key");
}

TEST_CASE("definition: its hash changes with the workflow's text and with its connectors'") {
  const auto hash = definition(kPlain)->hash;
  CHECK(definition(kPlain)->hash == hash);
  CHECK(definition(kKeyed)->hash != hash);
  CHECK(definition(kPlain, kSteps + "# so\n")->hash != hash);
  CHECK(definition(kPlain, kSteps + "name: other\n")->hash != hash);
}

TEST_CASE("definition: what was kept passed the checks of its time, and is read as it is") {
  const auto kept = definition_from(
      {{},
       "buy",
       R"({"path": "a.yaml", "text": "on: { manual: {} }\nsteps: [ { if: \"${{ 1 }}\", set: { a: \"${{ .inputs.gone }}\" } } ]"})"});
  INFO((kept ? "" : kept.error().message + kept.error().hint));
  CHECK(kept);
}

TEST_CASE("definition: what was kept and cannot be read is an error that says so") {
  CHECK_THAT(refusal("{"), Contains("a stored workflow version cannot be read"));
  CHECK_THAT(refusal("{}"), Contains("has no text 'path'"));
  CHECK_THAT(refusal(R"({"path": "a.yaml"})"), Contains("has no text 'text'"));
  CHECK_THAT(refusal(R"({"path": "a.yaml", "text": "steps: 1"})"),
             Contains("'buy'") && Contains("is not understood any more"));
  CHECK_THAT(refusal(R"({"path": "a.yaml", "text": "", "connectors": {"a": 7}})"),
             Contains("a stored workflow version has no text 'a'"));
  const auto broken = definition_from(
      {{}, "buy", R"({"path": "a.yaml", "text": "", "connectors": {"shop": "connector: 7"}})"});
  REQUIRE_FALSE(broken);
  CHECK(broken.error().code == ErrorCode::internal);
  CHECK_THAT(broken.error().hint, Contains("error:"));
}

TEST_CASE("definition: a step's effect is as written, else by what it does") {
  const auto plain = definition(kPlain);
  CHECK(effect(*plain, "look") == "repeat");
  CHECK(effect(*plain, "replace") == "repeat");
  CHECK(effect(*plain, "order") == "once");
  CHECK(effect(*plain, "change") == "once");
  CHECK(effect(*plain, "get") == "repeat");
  CHECK(effect(*plain, "post") == "once");
  CHECK(effect(*plain, "program") == "once");
  CHECK(effect(*plain, "data") == "repeat");
  CHECK(effect(*plain, "pause") == "repeat");
  CHECK(effect(*plain, "said") == "keyed");
  const auto keyed = definition(kKeyed);
  CHECK(effect(*keyed, "look") == "repeat");
  CHECK(effect(*keyed, "order") == "keyed");
  CHECK(effect(*keyed, "change") == "keyed");
}

TEST_CASE("definition: a step is retried as written, else as its connector says") {
  const auto keyed = definition(kKeyed);
  CHECK(attempts(*keyed, "said") == 2);
  CHECK(attempts(*keyed, "order") == 7);
  CHECK(attempts(*keyed, "post") == 1);
}

TEST_CASE("definition: of what nothing is said, a call is made again if it is asked to wait") {
  const auto plain = definition(kPlain);
  const auto policy = retry_policy_of(*plain, *plain->step("order"));
  CHECK(policy.attempts == 5);
  CHECK(policy.on_statuses == std::vector{429});
  CHECK_FALSE(policy.on_network);
  CHECK_FALSE(policy.on_timeout);
}

TEST_CASE("definition: steps are found in both lists") {
  const auto plain = definition(kPlain);
  CHECK(plain->step("look"));
  CHECK(plain->step("sorry"));
  CHECK_FALSE(plain->step("nothing"));
}

TEST_CASE("definition: knows what its expressions read of a run") {
  const auto reads = [](const std::string& text) {
    tba::Diagnostics diagnostics;
    auto workflow =
        tba::read_workflow("/flows/a.yaml",
                           "on: { webhook: { verify: none } }\nsteps:\n  - { id: a, run: [date] }\n"
                           "  - { id: b, run: [date] }\n" +
                               text,
                           {}, diagnostics);
    INFO(diagnostics.render());
    REQUIRE(workflow);
    const auto known = tba::engine::define(*std::move(workflow), {})->reads;
    std::string all = known.trigger ? "trigger" : "";
    if (!known.results) return all + " all";
    for (const auto& key : *known.results) all += " " + key;
    return all;
  };
  CHECK(reads("").empty());
  CHECK(reads("output: ${{ .trigger.path }}\n") == "trigger");
  CHECK(reads("output: ${{ .steps.a.stdout + $steps.a.stderr }}\n") == " a");
  CHECK(reads("output: ${{ .steps.a.outcome }} ${{ .steps.b.error.message? }}\n").empty());
  CHECK(reads("output: ${{ .steps.b }}\n") == " b");
  CHECK(reads("output: ${{ .steps | .a }}\n") == " all");
  CHECK(reads("output: ${{ . | length }}\n") == "trigger all");
  CHECK(reads("  - if: ${{ .steps.a.exit_code == 0 }}\n    wait: { for: \"${{ .steps.b.stdout }}\" "
              "}\n") == " a b");
  CHECK(reads("  - http: { url: \"http://x\", query: { q: \"${{ .steps.a.body }}\" } }\n"
              "on_failure:\n  - { run: [x], env: { A: \"${{ .steps.b.stdout }}\" } }\n") == " a b");
}
