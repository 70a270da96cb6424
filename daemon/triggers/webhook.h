#pragma once

#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "daemon/engine/engine.h"
#include "daemon/http/message.h"
#include "daemon/http/refusal.h"
#include "daemon/storage/store.h"
#include "daemon/triggers/rejection_log.h"
#include "daemon/vault/credentials.h"
#include "daemon/workflows.h"
#include "shared/clock.h"
#include "shared/uuid.h"

namespace tba::triggers {

/// Turns inbound requests into deliveries and runs. Whatever decides about a request is decided
/// before anything is stored: the path, whether the workflow can take it, the signature over the
/// raw bytes, the body's syntax, the event. It is then answered 202 after the commit that holds the
/// delivery and its runs. What is turned away leaves a bounded record without its body.
class Webhooks {
 public:
  /// What it needs from outside; all must outlive it.
  struct Environment {
    const daemon::Workflows& workflows;
    const vault::Credentials& credentials;
    engine::Engine& engine;
    storage::Store& store;
    const Clock& clock;
    UuidGenerator& ids;
  };

  explicit Webhooks(Environment environment)
      : environment_(environment), rejections_(environment.store, environment.clock) {}

  /// Why a POST below /hooks/ is turned away on account of its header, whatever its body may be:
  /// nobody takes that path, the workflow is held, no signature is there that could be right.
  /// Nothing where the body is to be received.
  std::optional<http::Refusal> objection(const http::Request& request,
                                         const std::string& path) const;

  /// Answers a POST below /hooks/; `path` is what follows that.
  boost::asio::awaitable<http::Response> receive(http::Request request, std::string path);

  /// Records a request that was refused before it was received: by objection(), or because it is
  /// too large, was cut short or is no POST.
  boost::asio::awaitable<void> record(std::string path, std::string peer,
                                      const http::Refusal& refusal);

 private:
  class Examination;

  Environment environment_;
  RejectionLog rejections_;
};

}  // namespace tba::triggers
