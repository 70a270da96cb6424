#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "daemon/auth/logins.h"
#include "daemon/auth/token_keeper.h"
#include "daemon/connectors/circuit_breaker.h"
#include "daemon/engine/engine.h"
#include "daemon/engine/run_feed.h"
#include "daemon/net/http_client.h"
#include "daemon/plugins/plugin_state.h"
#include "daemon/retention/pruner.h"
#include "daemon/storage/store.h"
#include "daemon/triggers/events.h"
#include "daemon/triggers/inbox.h"
#include "daemon/triggers/poller.h"
#include "daemon/triggers/scheduler.h"
#include "daemon/triggers/webhook.h"
#include "daemon/vault/credentials.h"
#include "daemon/vault/live_secrets.h"
#include "daemon/workflows.h"
#include "shared/clock.h"
#include "shared/random.h"
#include "shared/uuid.h"

namespace tba::api {

/// What the API's handlers work with; all must outlive the server.
struct Services {
  boost::asio::any_io_executor executor;  ///< The server's.
  daemon::Workflows& workflows;
  vault::Credentials& credentials;
  auth::TokenKeeper& tokens;
  auth::Logins& logins;
  const vault::LiveSecrets& live_secrets;
  engine::Engine& engine;
  engine::AttemptRunner& runner;
  const connectors::CircuitBreaker& circuits;
  engine::RunFeed& feed;
  engine::Definitions& definitions;
  storage::Store& store;
  triggers::Webhooks& webhooks;
  triggers::Inbox& inbox;
  triggers::Events& events;
  triggers::Poller& poller;
  triggers::Scheduler& scheduler;
  const Clock& clock;
  Random& random;
  UuidGenerator& ids;
  std::string home;  ///< As `status` shows it.
  Instant started_at;
  std::function<std::optional<retention::Pruner::Round>()> last_pruning;
  std::function<plugins::PluginState(const std::string& name)> plugin_state;
  std::function<std::vector<std::string>()> listening;  ///< Where the server can be reached.
  std::function<bool()> stopping;                       ///< Whether the daemon is about to end.
  std::function<void()> stop;                           ///< Begins to end the daemon.
  std::function<boost::asio::awaitable<Result<>>()> reload;  ///< Reads the files anew.
};

}  // namespace tba::api
