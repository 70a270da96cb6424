#include "tests/simulation/clients.h"

#include <algorithm>

#include "daemon/engine/trigger_context.h"
#include "shared/inputs.h"
#include "shared/value/json.h"
#include "tests/simulation/workflow_generator.h"

namespace tba::simulation {

using namespace std::chrono_literals;

namespace {

constexpr Duration kShortestPause = 100ms;  // before something is asked for again
constexpr Duration kLongestPause = 5min;

}  // namespace

Clients::Clients(SimulatedTime& time, Journal& journal, Requests& requests, UuidGenerator& ids,
                 const Scenario& scenario)
    : time_(time),
      journal_(journal),
      requests_(requests),
      ids_(ids),
      scenario_(scenario),
      dice_(scenario.seed + 1) {
  for (std::size_t i = 0; i < scenario.wishes.size(); ++i) {
    const auto& wish = scenario.wishes[i];
    if (wish.kind == Wish::Kind::start) time_.after(wish.at, [this, &wish] { start(wish); });
    if (wish.kind == Wish::Kind::deliver)
      time_.after(wish.at, [this, &wish, i] { deliver(wish, key_of(wish, i)); });
  }
}

Duration Clients::pause() {
  return dice_.span(kShortestPause, kLongestPause);
}

/// Of a delivery. Two that have no id of the sender's are two, wherever they come from.
std::string Clients::key_of(const Wish& wish, std::size_t index) {
  return workflow_name(wish.workflow) + "/" +
         (wish.sender_id.empty() ? fmt::format("#{}", index) : wish.sender_id);
}

std::vector<std::string> Clients::unanswered() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < scenario_.wishes.size(); ++i) {
    const auto& wish = scenario_.wishes[i];
    if (wish.kind == Wish::Kind::deliver && !delivered_.contains(key_of(wish, i)))
      names.push_back("delivery " + key_of(wish, i));
  }
  return names;
}

engine::Start Clients::new_start(std::size_t workflow, const std::string& kind) {
  engine::Start start;
  start.id = ids_.next<RunId>();
  start.definition = requests_.daemon()->find_workflow(workflow_name(workflow)).value();
  start.trigger_kind = kind;
  start.trigger = engine::plain_trigger(kind, Value(), time_.now());
  start.inputs = default_inputs(start.definition->workflow->inputs);
  return start;
}

void Clients::start(const Wish& wish) {
  auto* daemon = requests_.daemon();
  if (!daemon) return;
  engine::Admission admission;
  admission.starts.push_back(new_start(wish.workflow, "manual"));
  const auto id = admission.starts.front().id;
  journal_.note("client: start {} of w{}", id.text(), wish.workflow);
  requests_.ask(
      daemon->engine.admit(std::move(admission)), [] {},
      [this, id](const Result<engine::AdmissionOutcome>& outcome) {
        if (!outcome) return;
        journal_.note("client: started {}", id.text());
        started_.insert(id);
      });
}

void Clients::deliver(const Wish& wish, const std::string& key) {
  const auto again = [this, &wish, key] { deliver(wish, key); };
  auto* daemon = requests_.daemon();
  if (!daemon) {
    time_.after(pause(), again);
    return;
  }
  engine::Admission admission;
  auto& delivery = admission.delivery.emplace();
  delivery.id = ids_.next<DeliveryId>();
  delivery.received_at = time_.now();
  delivery.workflow = delivery.path = workflow_name(wish.workflow);
  delivery.sender_id = wish.sender_id;
  delivery.headers_json = delivery.query_json = "{}";
  delivery.body = fmt::format(R"({{"n":{}}})", wish.number);
  const auto id = delivery.id;
  // Sometimes more than one trigger takes it, rarely none.
  for (auto runs = dice_.percent(5) ? 0 : dice_.percent(80) ? 1 : 2; runs > 0; --runs) {
    auto start = new_start(wish.workflow, "webhook");
    start.trigger = engine::trigger_value(delivery, parse_json(delivery.body).value());
    start.delivery = id;
    admission.starts.push_back(std::move(start));
  }
  journal_.note("client: deliver {} to w{}, id '{}'", wish.number, wish.workflow, wish.sender_id);
  const auto again_later = [this, again] { time_.after(pause(), again); };
  requests_.ask(
      daemon->engine.admit(std::move(admission)), again_later,
      [this, &wish, key, id, again_later](const Result<engine::AdmissionOutcome>& outcome) {
        if (!outcome) return again_later();
        if (const auto* first = std::get_if<engine::AlreadyAdmitted>(&*outcome))
          return take_answer(key, wish.number, first->delivery, first->runs);
        take_answer(key, wish.number, id, std::get<engine::Admitted>(*outcome).runs);
      });
}

void Clients::take_answer(const std::string& key, std::int64_t number, DeliveryId id,
                          std::vector<RunId> runs) {
  journal_.note("client: {} was taken as {} with {} runs", key, id.text(), runs.size());
  std::ranges::sort(runs);
  const auto [known, is_new] = delivered_.try_emplace(key, Delivered{id, runs, number});
  if (!is_new && (known->second.id != id || known->second.runs != runs))
    journal_.complain("delivery {} was acknowledged as {} and as {}", key, known->second.id.text(),
                      id.text());
}

}  // namespace tba::simulation
