#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "daemon/storage/records.h"
#include "shared/clock.h"
#include "shared/connector.h"
#include "shared/run.h"
#include "shared/uuid.h"
#include "shared/value/value.h"
#include "shared/workflow.h"

namespace tba::engine {

/// A field of a credential that a request lacks. It is put in when the request is made, so that it
/// is in nothing that expressions read or the store keeps.
struct RequestSecret {
  enum class Part { parameters, query, headers, json, form, body, environment };
  Part part = Part::parameters;
  expression::ValuePath path;  ///< To where it belongs in that part.
  expression::SecretReference secret;
};

/// A call of a connector's endpoint, evaluated and ready to be sent but for its credential.
struct EndpointCall {
  std::shared_ptr<const Connector> connector;
  std::string endpoint;
  Value parameters;             ///< An object; null where its secrets belong.
  std::string idempotency_key;  ///< For `keyed`; else empty.
  std::vector<RequestSecret> secrets = {};
  /// Which page of the endpoint's list is wanted: what the one before said as its `next`, null for
  /// the first. Nothing where it is not called for a page.
  std::optional<Value> page = {};
};

/// A raw HTTP request, evaluated.
struct RawRequest {
  std::string method;
  std::string url;  ///< With its query.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool follow_redirects = false;
  std::size_t max_bytes = 0;
  std::vector<RequestSecret> secrets = {};
  Value json = {};  ///< What `body` says, where there are secrets to be put into it as JSON.
};

/// A program to run, evaluated.
struct ProgramCall {
  std::vector<std::string> command;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string workflow;         ///< Its name.
  std::string workflow_folder;  ///< Where its file was when this version of it was read.
  bool json_output = false;
  std::vector<RequestSecret> secrets = {};
};

using Request = std::variant<EndpointCall, RawRequest, ProgramCall>;

/// Where an earlier result may be found that is used again.
struct CachedResult {
  std::string workflow;
  std::string step;
  std::string key;
};

/// One try of a step, as the state machine asks for it: plain data, carried out after the commit
/// that records it.
struct Attempt {
  RunId run;
  std::string step;
  int number = 1;
  Effect effect = Effect::repeat;
  std::string credential;                            ///< Or empty.
  std::optional<std::chrono::milliseconds> timeout;  ///< Enforced by the engine.
  std::optional<CachedResult> cached;                ///< Looked for by the engine, first of all.
  bool is_by_hand = false;  ///< Somebody wants it now, be the host one that is left alone.
  bool must_ask = false;    ///< No answer that is kept may do without asking, as by hand.
  Request request;
};

/// How an attempt ended.
struct AttemptOutcome {
  /// What the step leaves in `.steps.<id>` (status, headers, body, …): an object, or null where
  /// there was no answer. Of a page that was got, its `body` are the items and its `next` is where
  /// the next one is, or null.
  Value result;
  std::optional<storage::Failure> failure;  ///< None: it succeeded.
  int http_status = 0;                      ///< 0 where there was no HTTP answer.
  /// Whether the far side may have acted although no answer says so (a timeout or a reset after
  /// sending).
  bool unknown = false;
  /// Whether it is certain that nothing happened, so that even a `once` step may be tried again.
  bool certainly_not_acted = false;
  std::optional<std::chrono::milliseconds> retry_after;  ///< As the far side asked.
  bool is_final = false;  ///< To try again is of no use, whatever the policy is.
  /// It was not made: a limit of the API does not let it be made before then. It does not count.
  std::optional<Instant> not_before;
  bool is_from_cache = false;  ///< Whether it is an earlier one's result.
  Value answer = {};  ///< Of a call by hand: {status, headers, body} as the API answered, or null.
};

/// Takes a line of the log of an attempt in flight.
using LineSink = std::function<void(std::string_view stream, std::string_view line)>;

/// Carries out attempts: the seam between the engine and the world. The coroutine is cancelled
/// (terminal) when the attempt times out or the run is cancelled; it then ends soon, with an honest
/// `unknown`. It never throws for an expected failure.
class AttemptRunner {
 public:
  virtual ~AttemptRunner() = default;
  virtual boost::asio::awaitable<AttemptOutcome> perform(Attempt attempt, LineSink log) = 0;

  /// The run has ended, and that is on disk: nothing of it is attempted any more.
  virtual void run_ended(RunId) {}
};

}  // namespace tba::engine
