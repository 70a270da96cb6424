#include "shared/trigger_reader.h"

#include <catch2/catch.hpp>

#include "shared/connector_reader.h"
#include "shared/event_names.h"
#include "shared/workflow_reader.h"

using namespace std::chrono_literals;
using tba::EventTrigger;
using tba::PollTrigger;
using tba::WebhookTrigger;

namespace {

/// The only trigger of a workflow with that `on:`.
template <class T>
T read(const std::string& on, const std::string& inputs = "{}") {
  static const auto catalog = tba::built_in_connectors();
  tba::Diagnostics diagnostics;
  const auto workflow = tba::read_workflow(
      "own.yaml", "on: " + on + "\ninputs: " + inputs + "\nsteps: [ { set: { a: 1 } } ]\n",
      {.catalog = &catalog}, diagnostics);
  INFO(diagnostics.render());
  REQUIRE(workflow);
  REQUIRE(workflow->triggers.size() == 1);
  return std::get<T>(workflow->triggers[0]);
}

}  // namespace

TEST_CASE("trigger: a webhook says little where it says nothing") {
  const auto webhook = read<WebhookTrigger>("{ webhook: { verify: none } }");
  CHECK(webhook.path == "own");
  CHECK(webhook.methods == std::vector<std::string>{"POST"});
  CHECK_FALSE(webhook.match);
  CHECK(webhook.respond == WebhookTrigger::Respond::accepted);
  CHECK(webhook.dedupe == WebhookTrigger::Dedupe::delivery_id);
}

TEST_CASE("trigger: a webhook has methods, a match, an answer and what it is known by") {
  const auto webhook = read<WebhookTrigger>(
      "{ webhook: { verify: none, methods: [GET, PUT], match: '${{ .trigger.body.a == .vars.b }}', "
      "respond: result, respond_within: 90s, dedupe: body } }");
  CHECK(webhook.methods == std::vector<std::string>{"GET", "PUT"});
  CHECK(webhook.match);
  CHECK(webhook.respond == WebhookTrigger::Respond::result);
  CHECK(webhook.respond_within == 90s);
  CHECK(webhook.dedupe == WebhookTrigger::Dedupe::body);
  const auto waiting = read<WebhookTrigger>("{ webhook: { verify: none, respond: result } }");
  CHECK(waiting.respond_within == 30s);
  using Dedupe = WebhookTrigger::Dedupe;
  CHECK(read<WebhookTrigger>("{ webhook: { verify: none, dedupe: none } }").dedupe == Dedupe::none);
  CHECK(
      read<WebhookTrigger>("{ webhook: { connector: github, credential: c, dedupe: delivery_id } }")
          .dedupe == Dedupe::delivery_id);
}

TEST_CASE("trigger: a webhook's connector must describe webhooks, and events where one is named") {
  const auto problem = [](const std::string& webhook) {
    tba::Diagnostics diagnostics;
    auto connector = tba::read_connector(
        "a.yaml", "connector: a\nbase_url: https://a.example\nendpoints: {}\n" + webhook,
        diagnostics);
    REQUIRE(connector);
    tba::ConnectorCatalog catalog;
    catalog.put(std::make_shared<const tba::Connector>(*std::move(connector)));
    CHECK_FALSE(tba::read_workflow(
        "own.yaml",
        "on: { webhook: { connector: a, credential: c, event: made } }\nsteps: [ { set: {} } ]\n",
        {.catalog = &catalog}, diagnostics));
    return diagnostics.render();
  };
  CHECK_THAT(problem(""), Catch::Matchers::Contains("connector 'a' describes no webhooks"));
  CHECK_THAT(problem("webhook: { verify: { scheme: token, header: X-Token } }\n"),
             Catch::Matchers::Contains("connector 'a' does not say what event a delivery is of"));
}

TEST_CASE("trigger: a poll has a call, items and what tells them apart") {
  const auto poll = read<PollTrigger>(
      "{ poll: { call: github/get-user, credential: bot, with: { username: '${{ .inputs.who }}' }, "
      "every: 5m, key: '${{ .item.id }}', match: '${{ .item.open }}', "
      "cursor: '${{ .trigger.headers.etag // .trigger.cursor }}', baseline: false } }",
      "{ who: { default: ada } }");
  CHECK(poll.connector == "github");
  CHECK(poll.endpoint == "get-user");
  CHECK(poll.credential == "bot");
  CHECK(poll.every == 5min);
  CHECK(poll.match);
  CHECK(poll.cursor);
  CHECK_FALSE(poll.baseline);
  tba::expression::Context context;
  context.set(tba::expression::Root::trigger,
              tba::Value::object({{"body", tba::Value::string("everything")}}));
  CHECK(poll.items.evaluate(context).value().as_string() == "everything");
  CHECK(read<PollTrigger>("{ poll: { call: github/get-authenticated-user, every: 1s, key: "
                          "'${{ .item.id }}' } }")
            .baseline);
}

TEST_CASE("trigger: the connector and the credential of a poll are the workflow's") {
  tba::Diagnostics diagnostics;
  const auto workflow = tba::read_workflow(
      "own.yaml",
      "on: { poll: { call: github/get-user, credential: bot, with: { username: a }, every: 1m, "
      "key: '${{ .item }}' } }\nsteps: [ { set: { a: 1 } } ]\n",
      {}, diagnostics);
  REQUIRE(workflow);
  CHECK(workflow->connectors() == std::vector<std::string>{"github"});
  CHECK(workflow->credentials() == std::vector<std::string>{"bot"});
}

TEST_CASE("trigger: an event has one name or several") {
  CHECK(read<EventTrigger>("{ event: { name: orders.created } }").names ==
        std::vector<std::string>{"orders.created"});
  const auto event = read<EventTrigger>(
      "{ event: { name: [run.failed, run.interrupted], workflow: x, match: true } }");
  CHECK(event.names == std::vector<std::string>{"run.failed", "run.interrupted"});
  CHECK(event.workflow == "x");
  CHECK(event.match);
}

TEST_CASE("event names: words with dots between them, some of which are the daemon's own") {
  for (const auto* name : {"a", "orders.created", "A-1.b_2.c", "run"}) {
    CAPTURE(name);
    CHECK(tba::is_event_name(name));
    CHECK_FALSE(tba::is_reserved_event(name));
  }
  for (const auto* name : {"", ".", "a.", ".a", "a..b", "a b", "a/b", "\u00e4"})
    CHECK_FALSE(tba::is_event_name(name));
  CHECK(tba::is_event_name(std::string(100, 'a')));
  CHECK_FALSE(tba::is_event_name(std::string(101, 'a')));
  for (const auto name : tba::built_in_events()) {
    CHECK(tba::is_event_name(name));
    CHECK(tba::is_reserved_event(name));
    CHECK(tba::is_run_event(name) == name.starts_with("run."));
  }
  CHECK_FALSE(tba::is_run_event("run.other"));
}
