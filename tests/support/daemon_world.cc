#include "tests/support/daemon_world.h"

#include <charconv>
#include <stdexcept>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/api/routes.h"
#include "daemon/http/router.h"
#include "daemon/reloader.h"
#include "daemon/steps/step_runner.h"
#include "daemon/triggers/credential_watch.h"
#include "shared/connector_catalog.h"
#include "shared/value/json.h"

namespace tba::tests {

namespace asio = boost::asio;

namespace {

Value member(const Value& value, std::string_view key) {
  if (value.is_array()) {
    std::size_t index = 0;
    std::from_chars(key.data(), key.data() + key.size(), index);
    return index < value.size() ? value.items()[index] : Value();
  }
  const Value* found = value.find(key);
  return found ? *found : Value();
}

/// The sending end of a Watch.
class WatchedStream final : public http::EventStream {
 public:
  explicit WatchedStream(std::shared_ptr<Watch> watch) : watch_(std::move(watch)) {}

  asio::awaitable<bool> send(http::Event event) override {
    if (watch_->client_is_gone) co_return false;
    watch_->events.push_back(std::move(event));
    co_await watch_->until_taken();
    co_return true;
  }

 private:
  std::shared_ptr<Watch> watch_;
};

asio::awaitable<void> read_to_end(http::Response response, std::shared_ptr<Watch> watch) {
  WatchedStream stream(watch);
  co_await response.stream(stream);
  watch->ended = true;
}

}  // namespace

Value Reply::at(std::string_view path) const {
  Value value = body;
  for (std::size_t begin = 0; begin <= path.size();) {
    const auto end = std::min(path.find('.', begin), path.size());
    value = member(value, path.substr(begin, end - begin));
    begin = end + 1;
  }
  return value;
}

std::string Reply::json(std::string_view path) const {
  return to_json(at(path));
}

std::vector<std::string> keys(const Value& object) {
  std::vector<std::string> names;
  for (const auto& member : object.members()) names.emplace_back(member.name);
  return names;
}

std::vector<std::string> Watch::names() const {
  std::vector<std::string> names;
  for (const auto& event : events) names.push_back(event.name);
  return names;
}

Value Watch::data(std::size_t n) const {
  return parse_json(events.at(n).data).value();
}

void Watch::take_on() {
  hesitates_ = false;
  if (taken_) taken_->cancel();
}

asio::awaitable<void> Watch::until_taken() {
  const auto executor = co_await asio::this_coro::executor;
  while (hesitates_) {
    taken_.emplace(executor, asio::steady_timer::time_point::max());
    boost::system::error_code cancelled;
    co_await taken_->async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }
}

/// What goes when the daemon dies, beside what EngineWorld lets go.
struct DaemonWorld::Parts {
  Parts(DaemonWorld& world_, daemon::Log& log)
      : world(world_),
        credentials({world.engine.store(), live_secrets, world.engine.clock, world.engine.random,
                     world.engine.ids},
                    {world.engine.folder / "vault.key", false}),
        workflows({world.engine.definitions(), credentials, world.engine.vars, log},
                  {{world.engine.folder / "workflows"},
                   {world.engine.folder / "connectors"},
                   {world.engine.folder / "plugins"}}),
        folders({world.engine.io().get_executor(), world.engine.store(), log},
                world.engine.folder / "runs"),
        tokens({world.engine.io().get_executor(), credentials, world.http, tokens_alarm,
                world.engine.clock, world.engine.random,
                [this](const std::string& name) { return workflows.connector_of(name); }, log}),
        logins({tokens, credentials, world.http, world.engine.clock, world.engine.random,
                [this](const std::string& name) { return workflows.connector_of(name); }}),
        runner({world.http, world.mail, world.processes, world.plugins, credentials, tokens,
                live_secrets, folders, world.engine.clock, world.engine.random, circuits, log,
                world.engine.store(),
                [this](const std::string& connector) { return workflows.connector_of(connector); },
                [this](const std::string& workflow) { return workflows.folder_of(workflow); }}),
        scheduler({world.engine.io().get_executor(), workflows, world.engine.engine(),
                   world.engine.store(), alarm, world.engine.clock, world.engine.ids, log}),
        webhooks({workflows, credentials, world.engine.engine(), world.engine.feed(),
                  world.engine.store(), world.engine.clock, world.engine.ids, world.engine.vars}),
        event_starts({workflows, world.engine.clock, world.engine.ids, world.engine.vars,
                      world.engine.budget, log}),
        events({world.engine.engine(), event_starts, world.engine.clock, world.engine.ids}),
        credential_watch({world.engine.io().get_executor(), workflows, credentials, events, log}),
        poller({world.engine.io().get_executor(), workflows, world.engine.engine(), runner,
                world.engine.store(), poller_alarm, world.engine.clock, world.engine.ids,
                world.engine.vars, log}),
        inbox({workflows, world.engine.engine(), world.engine.store(), world.engine.ids,
               world.engine.vars}),
        routes(api::all_routes(services)) {
    for (const auto& route : routes) router.add(route);
    world.engine.engine().listen(event_starts);
    credentials.on_change([this](const std::string& name) {
      workflows.reconsider();
      credential_watch.look();
      tokens.changed(name);
    });
    world.engine.await(credentials.load()).value();
    world.engine.await(runner.load()).value();
    world.engine.await(reload()).value();
  }

  asio::awaitable<Result<>> reload() {
    auto reloaded = co_await workflows.reload();
    if (!reloaded) co_return reloaded;
    co_await scheduler.refresh();
    co_await poller.refresh();
    credential_watch.look();
    co_return reloaded;
  }

  /// The alarm that rings first, by `end`; null where none does.
  FakeAlarm* next_alarm(Instant end) {
    FakeAlarm* next = nullptr;
    for (auto* each : {&alarm, &poller_alarm, &tokens_alarm}) {
      if (each->when() && *each->when() <= end && (!next || *each->when() < *next->when()))
        next = each;
    }
    return next;
  }

  DaemonWorld& world;
  vault::LiveSecrets live_secrets;
  vault::Credentials credentials;
  daemon::Workflows workflows;
  steps::RunFolders folders;
  FakeAlarm tokens_alarm;
  auth::TokenKeeper tokens;
  auth::Logins logins;
  connectors::CircuitBreaker circuits;
  steps::StepRunner runner;
  FakeAlarm alarm;
  triggers::Scheduler scheduler;
  triggers::Webhooks webhooks;
  triggers::EventStarts event_starts;
  triggers::Events events;
  triggers::CredentialWatch credential_watch;
  FakeAlarm poller_alarm;
  triggers::Poller poller;
  triggers::Inbox inbox;
  api::Services services{world.engine.io().get_executor(),
                         workflows,
                         credentials,
                         tokens,
                         logins,
                         live_secrets,
                         world.engine.engine(),
                         runner,
                         circuits,
                         world.engine.feed(),
                         world.engine.definitions(),
                         world.engine.store(),
                         webhooks,
                         inbox,
                         events,
                         poller,
                         scheduler,
                         world.engine.clock,
                         world.engine.random,
                         world.engine.ids,
                         "/home/of/it",
                         world.engine.clock.now(),
                         [this] { return world.last_pruning; },
                         [this](const std::string&) { return world.plugin_state; },
                         [] { return std::vector<std::string>{"unix:/home/of/it/daemon.sock"}; },
                         [this] { return world.stopping; },
                         [this] { world.stopping = true; },
                         [this] { return reloader.reload(); }};
  daemon::Reloader reloader{world.engine.io().get_executor(), [this] { return reload(); }};
  std::vector<http::Route> routes;
  http::Router router;
};

DaemonWorld::DaemonWorld()
    : log_(daemon::Log::silent()), parts_(std::make_unique<Parts>(*this, *log_)) {}

DaemonWorld::~DaemonWorld() = default;

void DaemonWorld::workflow(const std::string& name, const std::string& text) {
  engine.folder.write("workflows/" + name + ".yaml", text);
  reload();
  for (const auto& broken : workflows().current()->broken)
    throw std::logic_error("the test's file is broken: " + broken.diagnostics);
}

void DaemonWorld::reload() {
  engine.await(parts_->reload()).value();
}

void DaemonWorld::credential(const std::string& name, const std::string& scheme,
                             const std::string& secret, const std::string& connector) {
  vault::NewCredential credential{name, built_in_connectors().find(connector), scheme, "", {}};
  credential.fields.emplace(scheme == "token" ? "token" : "secret", vault::Secret(secret));
  engine.await(parts_->credentials.set(std::move(credential))).value();
}

http::Response DaemonWorld::respond(const std::string& method, const std::string& target,
                                    std::string body, http::Headers headers) {
  auto parsed = http::Target::parse(target).value();
  auto match = parts_->router.match(method, parsed);
  if (!match.route) throw std::logic_error("there is no route for " + method + " " + target);
  http::Request request;
  request.method = method;
  request.target = target;
  request.query = parsed.query;
  request.path = std::move(parsed).take_path();
  request.parameters = std::move(match.parameters);
  request.headers = std::move(headers);
  request.body = std::move(body);
  request.peer.address = "192.0.2.7";
  request.peer.port = 50122;
  request.client = client;
  const auto& route = *match.route;
  if (auto refusal = route.admits ? route.admits(request) : std::nullopt) {
    engine.await(route.on_refused(std::move(request), *refusal));
    return std::move(refusal->answer);
  }
  auto response = engine.await(route.handler(std::move(request)));
  engine.settle();
  return response;
}

Reply DaemonWorld::call(const std::string& method, const std::string& target, std::string body,
                        http::Headers headers) {
  auto response = respond(method, target, std::move(body), std::move(headers));
  Reply reply{response.status, std::move(response.headers), std::move(response.body), Value()};
  if (auto value = parse_json(reply.text)) reply.body = std::move(*value);
  return reply;
}

std::shared_ptr<Watch> DaemonWorld::watch(const std::string& target) {
  auto response = respond("GET", target, "", {});
  if (!response.stream) throw std::logic_error(target + " is no stream: " + response.body);
  auto watch = std::make_shared<Watch>();
  asio::co_spawn(engine.io(), read_to_end(std::move(response), watch),
                 [](std::exception_ptr exception) {
                   if (exception) std::rethrow_exception(exception);
                 });
  engine.settle();
  return watch;
}

void DaemonWorld::pass(Duration time) {
  const auto end = engine.clock.now() + time;
  engine.settle();
  while (auto* alarm = parts_->next_alarm(end)) {
    engine.pass(std::max(*alarm->when() - engine.clock.now(), Duration(0)));
    alarm->ring();
    engine.settle();
  }
  engine.pass(end - engine.clock.now());
}

void DaemonWorld::set_clock(Duration forward) {
  engine.clock.advance(forward);
  if (forward < Duration(0) && parts_->alarm.when()) parts_->alarm.ring();
  engine.settle();
}

void DaemonWorld::ring() {
  const auto when = parts_->alarm.when();
  if (when && *when <= engine.clock.now()) parts_->alarm.ring();
}

void DaemonWorld::restart() {
  parts_.reset();
  engine.crash();
  parts_ = std::make_unique<Parts>(*this, *log_);
}

const std::vector<http::Route>& DaemonWorld::routes() {
  return parts_->routes;
}
daemon::Workflows& DaemonWorld::workflows() {
  return parts_->workflows;
}
vault::Credentials& DaemonWorld::credentials() {
  return parts_->credentials;
}
triggers::Poller& DaemonWorld::poller() {
  return parts_->poller;
}
triggers::EventStarts& DaemonWorld::event_starts() {
  return parts_->event_starts;
}
triggers::Scheduler& DaemonWorld::scheduler() {
  return parts_->scheduler;
}

}  // namespace tba::tests
