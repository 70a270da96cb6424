#include "tests/simulation/life.h"

#include <stdexcept>
#include <utility>

namespace tba::simulation {

namespace asio = boost::asio;

namespace {

/// What a target is told: the number that the step gives.
expression::Mapping told() {
  auto number = expression::Template::parse("${{ .inputs.n? }}").value();
  return expression::Mapping::object({{"n", expression::Mapping::text(std::move(number), {})}});
}

}  // namespace

/// What works on the store.
class Life::Service {
 public:
  Service(const World& world, asio::any_io_executor executor, storage::Store& store,
          engine::AttemptRunner& runner)
      : alarm(world.time),
        schedule_alarm(world.time),
        definitions(store),
        credentials({store, live_secrets, world.time, world.random, world.ids}, {"vault.key"}),
        workflows({definitions, credentials, vars, world.log}, {{kWorkflows}, {kConnectors}, {}}),
        engine({executor, store, definitions, world.time, world.random, world.ids, alarm, runner,
                feed, world.log, vars, budget,
                [this](const std::string& name) { return notify_target(name); },
                [this](const std::string& name) { return workflows.to_run(name); }}),
        starts({workflows, world.time, world.ids, vars, budget, world.log}),
        events({engine, starts, world.time, world.ids}),
        scheduler({executor, workflows, engine, store, schedule_alarm, world.time, world.ids,
                   world.log}) {
    engine.listen(starts);
  }

  /// `officers` may be told twice, `crew` is told with a key.
  Result<engine::NotifyTarget> notify_target(const std::string& name) const {
    return engine::NotifyTarget{workflows.current()->connectors.find("far"),
                                name == "crew" ? "post" : "put", "", told()};
  }

  const Value vars = Value::object({});
  const expression::Budget budget;
  vault::LiveSecrets live_secrets;
  engine::RunFeed feed;
  SimulatedAlarm alarm;
  SimulatedAlarm schedule_alarm;
  engine::Definitions definitions;
  vault::Credentials credentials;
  daemon::Workflows workflows;
  engine::Engine engine;
  triggers::EventStarts starts;
  triggers::Events events;
  triggers::Scheduler scheduler;
};

Life::Life(World world, int number)
    : world_(std::move(world)), number_(number), plans_(world_.time) {}

Life::~Life() = default;

void Life::take(std::unique_ptr<storage::SqliteStore> store, const std::filesystem::path& path) {
  sqlite_ = std::move(store);
  observer_ = std::make_unique<Observer>(path);
  door_ = std::make_unique<Outside::Door>(world_.outside, *observer_, number_, world_.is_dead);
  const auto& sabotage = world_.sabotage;
  if (sabotage.concerns_store())
    sabotaged_store_ = std::make_unique<SabotagedStore>(*sqlite_, io_.get_executor(), sabotage);
  if (sabotage.runner) sabotaged_door_ = sabotage.runner(*door_);
}

asio::awaitable<Result<>> Life::begin(bool fires) {
  storage::Store& store =
      sabotaged_store_ ? static_cast<storage::Store&>(*sabotaged_store_) : *sqlite_;
  engine::AttemptRunner& runner = sabotaged_door_ ? *sabotaged_door_ : *door_;
  service_ = std::make_unique<Service>(world_, io_.get_executor(), store, runner);
  if (auto done = co_await service_->workflows.reload(); !done) co_return done.error();
  for (const auto& broken : service_->workflows.current()->broken)
    throw std::logic_error("a bad file was made: " + broken.diagnostics);
  if (auto done = co_await service_->engine.start(); !done) co_return done.error();
  if (fires) co_await service_->scheduler.refresh();
  co_return Result<>();
}

asio::awaitable<Result<>> Life::stop(std::chrono::milliseconds grace) {
  if (!service_) co_return Result<>();
  co_await service_->scheduler.stop();
  co_await service_->engine.stop(grace);
  co_return Result<>();
}

asio::awaitable<Result<>> Life::stop_schedules() {
  co_await service_->scheduler.stop();
  co_return Result<>();
}

std::map<std::string, std::shared_ptr<const engine::Definition>> Life::workflows() const {
  std::map<std::string, std::shared_ptr<const engine::Definition>> definitions;
  for (const auto& [name, loaded] : service_->workflows.current()->workflows)
    definitions.emplace(name, loaded.definition);
  return definitions;
}

Daemon Life::daemon() {
  auto& service = *service_;
  return {io_.get_executor(),
          service.engine,
          service.events,
          *observer_,
          [&service](const std::string& name) { return service.workflows.to_run(name); },
          world_.is_dead};
}

}  // namespace tba::simulation
