#include "daemon/daemon.h"

#include <csignal>
#include <exception>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <unistd.h>

#include "daemon/api/routes.h"
#include "daemon/auth/logins.h"
#include "daemon/auth/token_keeper.h"
#include "daemon/engine/engine.h"
#include "daemon/http/server.h"
#include "daemon/lock.h"
#include "daemon/log.h"
#include "daemon/net/curl_client.h"
#include "daemon/net/curl_mailer.h"
#include "daemon/plugins/plugin_host.h"
#include "daemon/reloader.h"
#include "daemon/retention/pruner.h"
#include "daemon/steps/process.h"
#include "daemon/steps/run_folders.h"
#include "daemon/steps/step_runner.h"
#include "daemon/storage/sqlite_store.h"
#include "daemon/task_group.h"
#include "daemon/triggers/credential_watch.h"
#include "daemon/triggers/events.h"
#include "daemon/triggers/inbox.h"
#include "daemon/triggers/poller.h"
#include "daemon/triggers/scheduler.h"
#include "daemon/triggers/webhook.h"
#include "daemon/vault/credentials.h"
#include "daemon/vault/live_secrets.h"
#include "daemon/workflows.h"
#include "shared/version.h"

namespace tba::daemon {

namespace asio = boost::asio;

namespace {

/// How long attempts in flight and requests being answered may take to end when the daemon stops.
constexpr std::chrono::seconds kGrace{10};

/// A thread that runs handlers one at a time, until it is told that there will be no more.
class Loop {
 public:
  explicit Loop(const char* name)
      : thread_([this, name] {
          pthread_setname_np(pthread_self(), name);
          context_.run();
        }) {}
  ~Loop() { finish(); }

  asio::any_io_executor executor() { return context_.get_executor(); }

  /// Carries out what is left and ends the thread.
  void finish() {
    work_.reset();
    if (thread_.joinable()) thread_.join();
  }

 private:
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
  std::thread thread_;
};

/// The daemon's parts and what holds them together. Members are made in the order in which they
/// need each other.
class Daemon {
 public:
  Daemon(const Options& options, Log& log, vault::LiveSecrets& live_secrets, const HomeLock& lock,
         std::unique_ptr<storage::SqliteStore> store)
      : options_(options),
        log_(log),
        live_secrets_(live_secrets),
        lock_(lock),
        store_(std::move(store)),
        credentials_({*store_, live_secrets, clock_, random_, ids_},
                     vault::find_key_file(options.credentials_directory, options.config.vault_key)),
        workflows_(
            {definitions_, credentials_, options.config.vars, log_, notify_targets(options.config)},
            {options.config.workflows, options.config.connectors, options.config.plugins}) {}

  /// Runs until the daemon has stopped. Errors: why it could not start.
  Result<> run() {
    Result<> outcome;
    asio::co_spawn(io_, live(), [&](std::exception_ptr exception, Result<> result) {
      if (exception) std::rethrow_exception(exception);
      outcome = std::move(result);
      io_.stop();
    });
    io_.run();
    engine_loop_.finish();
    return outcome;
  }

 private:
  // --- its life
  // --------------------------------------------------------------------------------------------------------

  asio::awaitable<Result<>> live() {
    auto started = co_await start();
    if (started) {
      log_.info(
          "ready",
          {{"version", version()}, {"pid", getpid()}, {"home", options_.paths.home.string()}});
      co_await handle_signals();
      log_.info("stopping");
    }
    co_await stop();
    co_return started;
  }

  asio::awaitable<Result<>> start() {
    if (auto started = http_client_.start(); !started) co_return started;
    processes_.start();
    credentials_.on_change([this](const std::string& name) {
      workflows_.reconsider();
      credential_watch_.look();
      tokens_.changed(name);
    });
    if (auto loaded = co_await credentials_.load(); !loaded) co_return loaded;
    if (const auto problem = credentials_.key_problem()) {
      log_.error("no credential can be used", {{"why", problem->message}, {"hint", problem->hint}});
    }
    if (auto limits = co_await runner_.load(); !limits) co_return limits;
    auto loaded = co_await read_files();
    if (!loaded) co_return loaded;
    // What is left over goes on before anything new begins, a schedule's slot for one.
    engine_.listen(event_starts_);
    auto recovered = co_await engine_.start();
    if (!recovered) co_return recovered;
    tokens_.start();
    tasks_.spawn(run_folders_.clean_up());
    co_await scheduler_.refresh();
    co_await poller_.refresh();
    pruner_.start();
    auto listening = listen();
    if (listening) {
      co_await tell_of_start();
      credential_watch_.look();
    }
    co_return listening;
  }

  asio::awaitable<void> tell_of_start() {
    const auto data = Value::object({{"version", Value::string(version())}});
    const auto raised = co_await events_.raise("daemon.started", data);
    if (!raised) log_.error("the start could not be told of", {{"why", raised.error().message}});
  }

  Result<> listen() {
    const auto& socket = options_.config.socket;
    if (auto removed = lock_.remove_stale_socket(socket); !removed) return removed;
    if (auto listening = server_.listen_unix(socket); !listening) return listening;
    if (const auto& address = options_.config.listen) {
      if (auto listening = server_.listen_tcp(address->host, address->port); !listening)
        return listening;
    }
    for (const auto& address : listening()) log_.info("listening", {{"address", address}});
    return {};
  }

  asio::awaitable<void> handle_signals() {
    while (!stopping_) {
      boost::system::error_code error;
      const int signal =
          co_await signals_.async_wait(asio::redirect_error(asio::use_awaitable, error));
      if (error || signal != SIGHUP) break;
      if (auto reopened = log_.reopen(); !reopened)
        log_.error("the log stays where it was", {{"why", reopened.error().message}});
      const auto reloaded = co_await reloader_.reload();
      if (!reloaded) {
        log_.error("the files could not be read anew", {{"why", reloaded.error().message}});
      }
    }
    stopping_ = true;
  }

  /// Ends what takes things in before what carries them out, and the store last.
  asio::awaitable<void> stop() {
    stopping_ = true;
    server_.drain();
    co_await pruner_.stop();
    co_await scheduler_.stop();
    co_await poller_.stop();
    co_await credential_watch_.stop();
    co_await engine_.stop(kGrace);
    co_await server_.stop(kGrace);
    co_await plugins_.stop();
    co_await tokens_.stop();
    co_await tasks_.wait();
    http_client_.stop();
    mailer_.stop();
    processes_.stop();
    blocking_.join();
    store_->stop();
  }

  asio::awaitable<Result<>> read_files() {
    return asio::co_spawn(blocking_, workflows_.reload(), asio::use_awaitable);
  }

  asio::awaitable<Result<>> read_anew() {
    auto reloaded = co_await read_files();
    if (!reloaded) co_return reloaded;
    plugins_.look_at_manifests();
    co_await scheduler_.refresh();
    co_await poller_.refresh();
    credential_watch_.look();
    co_return reloaded;
  }

  std::vector<std::string> listening() const {
    std::vector<std::string> addresses{"unix:" + options_.config.socket.string()};
    if (const auto port = server_.tcp_port()) {
      const auto& host = options_.config.listen->host;
      const bool is_ipv6 = host.find(':') != std::string::npos;
      addresses.push_back("http://" + (is_ipv6 ? "[" + host + "]" : host) + ":" +
                          std::to_string(*port));
    }
    return addresses;
  }

  api::Services services() {
    return {io_.get_executor(),
            workflows_,
            credentials_,
            tokens_,
            logins_,
            live_secrets_,
            engine_,
            runner_,
            circuits_,
            feed_,
            definitions_,
            *store_,
            webhooks_,
            inbox_,
            events_,
            poller_,
            scheduler_,
            clock_,
            random_,
            ids_,
            options_.paths.home.string(),
            clock_.now(),
            [this] { return pruner_.last(); },
            [this](const std::string& name) { return plugins_.state_of(name); },
            [this] { return listening(); },
            [this] { return stopping_; },
            [this] {
              stopping_ = true;
              signals_.cancel();
            },
            [this] { return reloader_.reload(); }};
  }

  static std::vector<std::string> notify_targets(const Config& config) {
    std::vector<std::string> names;
    for (const auto& [name, rule] : config.notify) names.push_back(name);
    return names;
  }

  /// The target as the configuration and the connector files have it now.
  Result<engine::NotifyTarget> notify_target(const std::string& name) const {
    const auto& rules = options_.config.notify;
    const auto rule = rules.find(name);
    if (rule == rules.end()) {
      return Error{ErrorCode::not_found, "there is no target '" + name + "' to notify",
                   "name it in `notify:` of config.yaml"};
    }
    const auto& [connector, endpoint, credential, with] = rule->second;
    const auto found = workflows_.current()->connectors.find(connector);
    if (!found || !found->endpoint(endpoint)) {
      return Error{
          ErrorCode::not_found,
          "the target '" + name + "' calls " + connector + "/" + endpoint + ", which there is not",
          "`connector list` shows what can be called"};
    }
    return engine::NotifyTarget{found, endpoint, credential, with};
  }

  std::vector<storage::VersionHash> versions_in_force() const {
    std::vector<storage::VersionHash> hashes;
    const auto set = workflows_.current();
    for (const auto& [name, workflow] : set->workflows) hashes.push_back(workflow.definition->hash);
    return hashes;
  }

  static http::Limits limits_of(const Config& config) {
    http::Limits limits;
    limits.header_bytes = config.limits.header_bytes;
    limits.body_bytes = config.limits.body_bytes;
    limits.bodies_total = config.limits.bodies_total;
    limits.connections = config.limits.connections;
    limits.idle = config.limits.idle;
    return limits;
  }

  // --- its parts
  // -------------------------------------------------------------------------------------------------------

  const Options& options_;
  Log& log_;
  vault::LiveSecrets& live_secrets_;
  const HomeLock& lock_;
  bool stopping_ = false;

  SystemClock clock_;
  SystemRandom random_;
  UuidGenerator ids_{clock_, random_};

  asio::io_context io_{1};  // the HTTP server, signals and what holds the parts together
  asio::signal_set signals_{io_, SIGTERM, SIGINT, SIGHUP};
  asio::thread_pool blocking_{1};  // reading files, removing folders
  TaskGroup tasks_{io_.get_executor(), log_, "the daemon"};
  Loop engine_loop_{"engine"};

  std::unique_ptr<storage::SqliteStore> store_;
  vault::Credentials credentials_;
  engine::Definitions definitions_{*store_};
  Workflows workflows_;

  net::CurlClient http_client_{{.requests_to_origin = options_.config.requests.to_host,
                                .requests = options_.config.requests.in_all}};
  net::CurlMailer mailer_;
  engine::SystemAlarm tokens_alarm_{io_.get_executor(), clock_};
  auth::TokenKeeper tokens_{
      {io_.get_executor(), credentials_, http_client_, tokens_alarm_, clock_, random_,
       [this](const std::string& name) { return workflows_.connector_of(name); }, log_}};
  auth::Logins logins_{{tokens_, credentials_, http_client_, clock_, random_,
                        [this](const std::string& name) { return workflows_.connector_of(name); }}};
  steps::SystemProcessRunner processes_;
  steps::RunFolders run_folders_{{blocking_.get_executor(), *store_, log_}, options_.paths.runs};
  engine::SystemAlarm plugin_alarm_{engine_loop_.executor(), clock_};
  plugins::PluginHost plugins_{
      {engine_loop_.executor(), processes_, plugin_alarm_, clock_, log_,
       [this](const std::string& name) { return workflows_.connector_of(name); }}};
  connectors::CircuitBreaker circuits_{options_.config.circuits};
  steps::StepRunner runner_{
      {http_client_, mailer_, processes_, plugins_, credentials_, tokens_, live_secrets_,
       run_folders_, clock_, random_, circuits_, log_, *store_,
       [this](const std::string& connector) { return workflows_.connector_of(connector); },
       [this](const std::string& workflow) { return workflows_.folder_of(workflow); }}};

  engine::RunFeed feed_;
  engine::SystemAlarm engine_alarm_{engine_loop_.executor(), clock_};
  engine::Engine engine_{{engine_loop_.executor(), *store_, definitions_, clock_, random_, ids_,
                          engine_alarm_, runner_, feed_, log_, options_.config.vars,
                          options_.config.expressions,
                          [this](const std::string& name) { return notify_target(name); },
                          [this](const std::string& name) { return workflows_.to_run(name); }}};

  engine::SystemAlarm scheduler_alarm_{engine_loop_.executor(), clock_};
  triggers::Scheduler scheduler_{{engine_loop_.executor(), workflows_, engine_, *store_,
                                  scheduler_alarm_, clock_, ids_, log_}};
  triggers::Webhooks webhooks_{
      {workflows_, credentials_, engine_, feed_, *store_, clock_, ids_, options_.config.vars}};
  triggers::EventStarts event_starts_{
      {workflows_, clock_, ids_, options_.config.vars, options_.config.expressions, log_}};
  triggers::Events events_{{engine_, event_starts_, clock_, ids_}};
  triggers::CredentialWatch credential_watch_{
      {io_.get_executor(), workflows_, credentials_, events_, log_}};
  engine::SystemAlarm poller_alarm_{engine_loop_.executor(), clock_};
  triggers::Poller poller_{{engine_loop_.executor(), workflows_, engine_, runner_, *store_,
                            poller_alarm_, clock_, ids_, options_.config.vars, log_}};
  triggers::Inbox inbox_{{workflows_, engine_, *store_, ids_, options_.config.vars}};

  engine::SystemAlarm pruner_alarm_{io_.get_executor(), clock_};
  retention::Pruner pruner_{{io_.get_executor(), *store_, pruner_alarm_, clock_, log_,
                             [this] { return versions_in_force(); }},
                            options_.config.retention};

  Reloader reloader_{io_.get_executor(), [this] { return read_anew(); }};

  api::Services services_ = services();
  http::Server server_{io_.get_executor(), api::all_routes(services_), limits_of(options_.config),
                       log_, options_.config.trusted_proxies};
};

}  // namespace

Result<> run(const Options& options) {
  vault::LiveSecrets live_secrets;
  LogOptions log_options;
  log_options.level = options.config.log_level;
  log_options.format = options.config.log_format;
  log_options.file = options.log_file;
  log_options.redact = [&](std::string& text) { live_secrets.mask(text); };
  auto log = Log::open(std::move(log_options));
  if (!log) return log.error();
  const auto lock = HomeLock::acquire(options.paths.home);
  if (!lock) return lock.error();
  auto store = storage::SqliteStore::open(options.config.store, SystemClock().now());
  if (!store) return store.error();
  return Daemon(options, **log, live_secrets, *lock, std::move(*store)).run();
}

}  // namespace tba::daemon
