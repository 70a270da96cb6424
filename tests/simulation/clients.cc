#include "tests/simulation/clients.h"

#include <boost/asio/co_spawn.hpp>

#include "daemon/engine/trigger_context.h"
#include "shared/inputs.h"
#include "shared/value/json.h"
#include "tests/support/seeded_random.h"

namespace tba::simulation {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr Duration kShortestPause = 100ms;  // before something is asked for again
constexpr Duration kLongestPause = 5min;
constexpr int kSlots = 4;  // of each schedule, until the horizon

}  // namespace

std::string Clients::name_of(std::size_t workflow) {
  return fmt::format("w{}", workflow);
}

std::string Clients::schedule_of(std::size_t workflow) {
  return name_of(workflow) + "/0";
}

Clients::Clients(SimulatedTime& time, Journal& journal, const Scenario& scenario)
    : time_(time),
      journal_(journal),
      scenario_(scenario),
      begin_(time.now()),
      dice_(scenario.seed + 1),
      random_(std::make_unique<tests::SeededRandom>(scenario.seed)),
      ids_(time, *random_) {
  for (std::size_t i = 0; i < scenario.wishes.size(); ++i)
    time_.at(begin_ + scenario.wishes[i].at, [this, i] { want(scenario_.wishes[i], i); });
  for (std::size_t workflow = 0; workflow < scenario.workflows.size(); ++workflow) {
    for (int slot = 1; slot <= kSlots; ++slot)
      time_.at(begin_ + scenario.horizon * slot / kSlots, [this, workflow, slot] {
        due_.emplace(workflow, slot);
        fire({workflow, slot});
      });
  }
}

void Clients::connect(Daemon daemon) {
  daemon_.emplace(std::move(daemon));
  for (const auto& slot : due_) fire(slot);
}

void Clients::disconnect() {
  daemon_.reset();
  for (const auto& [number, if_lost] : std::exchange(requests_, {})) if_lost();
}

Duration Clients::pause() {
  return dice_.span(kShortestPause, kLongestPause);
}

void Clients::want(const Wish& wish, std::size_t index) {
  switch (wish.kind) {
    case Wish::Kind::start:
      return start(wish);
    case Wish::Kind::cancel:
      return cancel();
    case Wish::Kind::deliver:
      return deliver(wish, key_of(wish, index));
  }
}

/// Of a delivery. Two that have no id of the sender's are two, wherever they come from.
std::string Clients::key_of(const Wish& wish, std::size_t index) {
  return name_of(wish.workflow) + "/" +
         (wish.sender_id.empty() ? fmt::format("#{}", index) : wish.sender_id);
}

std::vector<std::string> Clients::unanswered() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < scenario_.wishes.size(); ++i) {
    const auto& wish = scenario_.wishes[i];
    if (wish.kind == Wish::Kind::deliver && !delivered_.contains(key_of(wish, i)))
      names.push_back("delivery " + key_of(wish, i));
  }
  for (const auto& [workflow, slot] : due_) {
    if (!slots_.contains({workflow, slot}))
      names.push_back(fmt::format("slot {} of {}", slot, name_of(workflow)));
  }
  return names;
}

/// Has the daemon carry out the request. The handler gets the answer, unless the daemon dies first.
template <class T, class Handler>
void Clients::ask(asio::awaitable<Result<T>> request, SimulatedTime::Action if_lost,
                  Handler handler) {
  const auto number = ++asked_;
  requests_.emplace(number, std::move(if_lost));
  asio::co_spawn(daemon_->executor, std::move(request),
                 [this, number, handler](std::exception_ptr exception, Result<T> answer) {
                   if (!daemon_ || daemon_->is_dead() || requests_.erase(number) == 0) return;
                   if (exception) std::rethrow_exception(exception);
                   handler(std::move(answer));
                 });
}

engine::Start Clients::new_start(std::size_t workflow, const std::string& kind) {
  engine::Start start;
  start.id = ids_.next<RunId>();
  start.definition = daemon_->workflows.at(workflow);
  start.trigger_kind = kind;
  start.trigger = engine::plain_trigger(kind, Value(), time_.now());
  start.inputs = default_inputs(start.definition->workflow->inputs);
  return start;
}

void Clients::start(const Wish& wish) {
  if (!daemon_) return;
  engine::Admission admission;
  admission.starts.push_back(new_start(wish.workflow, "manual"));
  const auto id = admission.starts.front().id;
  journal_.note("client: start {} of w{}", id.text(), wish.workflow);
  ask(
      daemon_->engine.admit(std::move(admission)), [] {},
      [this, id](const Result<engine::AdmissionOutcome>& outcome) {
        if (!outcome) return;
        journal_.note("client: started {}", id.text());
        started_.insert(id);
      });
}

void Clients::deliver(const Wish& wish, const std::string& key) {
  const auto again = [this, wish, key] { deliver(wish, key); };
  if (!daemon_) {
    time_.after(pause(), again);
    return;
  }
  engine::Admission admission;
  auto& delivery = admission.delivery.emplace();
  delivery.id = ids_.next<DeliveryId>();
  delivery.received_at = time_.now();
  delivery.workflow = delivery.path = name_of(wish.workflow);
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
  ask(daemon_->engine.admit(std::move(admission)), again_later,
      [this, wish, key, id, again_later](const Result<engine::AdmissionOutcome>& outcome) {
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

void Clients::cancel() {
  if (!daemon_) return;
  const auto runs = daemon_->observer.runs();
  if (runs.empty()) return;
  const auto id = dice_.one_of(runs);
  journal_.note("client: cancel {}", id.text());
  asked_to_cancel_.insert(id);
  ask(
      daemon_->engine.cancel(id), [] {},
      [this, id](const Result<RunStatus>& status) {
        if (!status) return;
        journal_.note("client: {} is to be cancelled", id.text());
        cancelled_.insert(id);
      });
}

void Clients::fire(Slot slot) {
  if (!daemon_ || slots_.contains(slot)) return;
  engine::Admission admission;
  const auto at = begin_ + scenario_.horizon * slot.second / kSlots;
  admission.slot = storage::ScheduleSlot{schedule_of(slot.first), at};
  admission.starts.push_back(new_start(slot.first, "schedule"));
  admission.starts.back().trigger = engine::plain_trigger("schedule", Value(), at);
  journal_.note("schedule: slot {} of w{}", slot.second, slot.first);
  const auto again = [this, slot] { time_.after(pause(), [this, slot] { fire(slot); }); };
  ask(
      daemon_->engine.admit(std::move(admission)), [] {},
      [this, slot, at, again](const Result<engine::AdmissionOutcome>& outcome) {
        if (!outcome) return again();
        journal_.note(
            "schedule: slot {} of w{} {}", slot.second, slot.first,
            std::holds_alternative<engine::SlotTaken>(*outcome) ? "had its run" : "has its run");
        slots_.emplace(slot, at);
      });
}

}  // namespace tba::simulation
