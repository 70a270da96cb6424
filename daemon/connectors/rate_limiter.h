#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "daemon/connectors/rate_bucket.h"
#include "daemon/net/http_client.h"
#include "shared/clock.h"
#include "shared/connector.h"
#include "shared/value/value.h"

namespace tba::connectors {

/// Keeps the calls of all runs within the limits that APIs set. It learns from what they answer,
/// and forgets counts that say nothing any more. All functions may be called from any thread.
class RateLimiter {
 public:
  /// A call that is to be made.
  struct Call {
    const Connector& connector;
    const Endpoint& endpoint;
    std::string_view credential;  ///< Its name, or empty.
    const Value& parameters;      ///< An object or null.
  };

  /// The leave to make one call now. Whoever has it tells how the call ended.
  class Permit {
    friend class RateLimiter;

    /// A count that the call is part of.
    struct Count {
      const RateLimit* limit;  // of the call's connector
      std::string key;         // what the limit has a count of its own for, in this call
      std::string bucket;      // where it was counted
    };
    std::vector<Count> counts_;
    Instant given_at_;
  };

  /// A count that is closed.
  struct Closed {
    std::string key;  ///< A hash of what is counted.
    Instant until;
  };

  /// What was known before of a count, which holds if it comes up.
  void recall(Closed closed);

  /// The permit, which is used at once, or the instant at which to ask again.
  std::variant<Permit, Instant> ask(const Call& call, Instant now);

  /// The call was answered. `limited`: the API asks to come later, `retry_after` says in what time.
  /// Gives the counts that are closed by that for so long that it is worth writing down, each once.
  std::vector<Closed> answered(const Permit& permit, const net::HttpResponse& response,
                               const Value& answer, bool limited,
                               std::optional<std::chrono::milliseconds> retry_after, Instant now);

  /// No answer came. `sent`: the API may count the call all the same.
  void unanswered(const Permit& permit, bool sent, Instant now);

 private:
  RateBucket& bucket_for(const std::string& bucket, const std::string& key);
  std::string bucket_of(const std::string& key) const;
  std::string named_bucket(const Permit::Count& count, const net::HttpResponse& response);
  void forget_idle(Instant now);

  std::mutex mutex_;
  std::unordered_map<std::string, RateBucket> buckets_;
  std::unordered_map<std::string, std::string> named_;  // buckets that answers named, by key
  std::unordered_map<std::string, Instant> recalled_;   // of counts that have not come up, by hash
  std::unordered_map<std::string, Instant> told_;       // closed counts that were given, by key
  Instant forgot_at_;
};

}  // namespace tba::connectors
