#pragma once

#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "daemon/engine/engine.h"
#include "daemon/http/message.h"
#include "daemon/storage/store.h"
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

  explicit Webhooks(Environment environment) : environment_(environment) {}

  /// Answers a POST below /hooks/; `path` is what follows that.
  boost::asio::awaitable<http::Response> receive(http::Request request, std::string path);

  /// Records a request that the server refused before it was received: one that is too large, was
  /// cut short or is no POST. `answer`: the problem document that says why.
  boost::asio::awaitable<void> record_refusal(std::string path, std::string peer,
                                              const http::Response& answer);

 private:
  boost::asio::awaitable<void> record_rejection(std::string path, std::string peer, int status,
                                                std::string reason);

  class Examination;

  Environment environment_;
};

}  // namespace tba::triggers
