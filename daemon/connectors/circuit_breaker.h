#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "daemon/connectors/circuit.h"
#include "shared/clock.h"

namespace tba::connectors {

/// A circuit that is not closed, as people see it.
struct OpenCircuit {
  std::string host;  ///< "https://api.example".
  Instant since;     ///< Of the first of the failures that opened it.
  Instant probed_at;
  bool is_probing = false;  ///< Whether a probe is under way.
  std::string why;          ///< How the last request failed, as a sentence.
};

/// Keeps the requests of all runs away from hosts that do not answer: each has a Circuit. All
/// functions may be called from any thread.
class CircuitBreaker {
 public:
  explicit CircuitBreaker(CircuitRules rules = {}) : rules_(rules) {}

  /// The leave to send one request. Whoever has it tells how that ended; a probe of which nothing
  /// is told any more, because it was cancelled, makes room for another. Must not outlive its
  /// breaker.
  class Passage {
   public:
    Passage(Passage&& other) noexcept;
    Passage& operator=(Passage&&) = delete;
    ~Passage();

    const std::string& host() const { return host_; }  ///< "https://api.example".

    /// The host answered, be it that it did not like the request. True where it had been left
    /// alone.
    bool answered();

    /// It did not, or told of a fault of its own. True where it is left alone from now on.
    bool failed(std::string why, Instant now);

   private:
    friend class CircuitBreaker;
    Passage(CircuitBreaker& breaker, std::string host, bool is_probe)
        : breaker_(&breaker), host_(std::move(host)), is_probe_(is_probe) {}

    CircuitBreaker* breaker_;  // null once all is told
    std::string host_;
    bool is_probe_;
  };

  /// Why there is no leave.
  struct Refusal {
    std::string host;
    Instant since;
    Instant turn;           ///< When to ask again.
    bool is_final = false;  ///< It has gone on for so long that nobody waits any more.
  };

  /// The leave to send a request to the host of that URL, or why there is none.
  std::variant<Passage, Refusal> ask(const std::string& url, Instant now);

  /// The leave that somebody has who wants to try all the same.
  Passage insist(const std::string& url, Instant now);

  /// Those that are not closed, by their host.
  std::vector<OpenCircuit> open_circuits() const;

 private:
  void forget_idle(Instant now);

  const CircuitRules rules_;
  mutable std::mutex mutex_;
  std::map<std::string, Circuit> circuits_;
  Instant forgot_at_;
};

}  // namespace tba::connectors
