#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include <boost/asio/awaitable.hpp>

#include "daemon/engine/engine.h"
#include "daemon/engine/run_feed.h"
#include "daemon/http/message.h"
#include "daemon/http/refusal.h"
#include "daemon/storage/store.h"
#include "daemon/triggers/rejection_log.h"
#include "daemon/triggers/secret_offers.h"
#include "daemon/vault/credentials.h"
#include "daemon/workflows.h"
#include "shared/clock.h"
#include "shared/uuid.h"

namespace tba::triggers {

/// Turns inbound requests into deliveries and runs. Whatever decides about a request is decided
/// before anything is stored: the path and its methods, whether the workflow can take it, the
/// signature over the raw bytes, the body's syntax, the event, what the triggers match. It is then
/// answered after the commit that holds the delivery and its runs: 202 at once, or what the run
/// comes to. A delivery that no trigger takes is kept with the reason; what is turned away leaves a
/// bounded record without its body. A handshake of the connector is answered and leaves nothing,
/// but for one that offers a secret: that is kept apart, and recorded without it.
class Webhooks {
 public:
  /// What it needs from outside; all must outlive it.
  struct Environment {
    const daemon::Workflows& workflows;
    const vault::Credentials& credentials;
    engine::Engine& engine;
    engine::RunFeed& feed;
    storage::Store& store;
    const Clock& clock;
    UuidGenerator& ids;
    const Value& vars;  ///< The configuration's.
  };

  explicit Webhooks(Environment environment)
      : environment_(environment),
        rejections_(environment.store, environment.clock),
        offers_(environment.credentials, environment.clock) {}

  /// Why a request below /hooks/ is turned away on account of its header, whatever its body may be:
  /// nobody takes that path or method, it comes from elsewhere than the workflow allows, the
  /// workflow is held, no signature is there that could be right or its timestamp is off.
  /// Nothing where the body is to be received.
  std::optional<http::Refusal> objection(const http::Request& request,
                                         const std::string& path) const;

  /// Answers a request below /hooks/; `path` is what follows that.
  boost::asio::awaitable<http::Response> receive(http::Request request, std::string path);

  /// Records a request that was refused before it was received: by objection(), or because it is
  /// too large, was cut short or has a method that no webhook takes.
  boost::asio::awaitable<void> record(std::string path, std::string sender,
                                      const http::Refusal& refusal);

  /// The secrets that were offered for credentials that are not there yet.
  SecretOffers& offers() { return offers_; }

 private:
  class Examination;
  /// What a request is where it is no delivery: a handshake with its answer, or what is answered
  /// and recorded, be it turned away or an offer.
  using Finding = std::optional<std::variant<http::Response, http::Refusal>>;

  Finding examine(Examination& examination);
  boost::asio::awaitable<http::Response> answer_result(RunId run, std::chrono::milliseconds limit,
                                                       http::Response accepted);

  Environment environment_;
  RejectionLog rejections_;
  SecretOffers offers_;
};

}  // namespace tba::triggers
