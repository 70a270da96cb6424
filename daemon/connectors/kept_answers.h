#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "daemon/net/http_client.h"
#include "daemon/vault/credentials.h"
#include "shared/clock.h"

namespace tba::connectors {

/// The header of an answer that was kept: `revalidated`, where the far side said that it has not
/// changed since; `fresh`, where nobody was asked.
constexpr std::string_view kKeptHeader = "tba-kept";

/// Keeps answers, so that APIs need only say that nothing has changed (RFC 9110 section 13), which
/// costs them little, and often counts against no limit; or that they need not be asked, where an
/// endpoint says for how long. How long an answer says that it is good for counts for nothing: what
/// a run reads is what there is, or what its connector allows. Only no-store and no-cache (RFC 9111
/// section 5.2.2) are heeded; an answer that is for one user alone is for one credential.
///
/// Each credential has answers of its own, and those of one that was set anew are not used again.
/// They are kept in memory: a restart costs one whole answer each, while on disk they would outlive
/// the runs that they were got for. The ones that were not used for longest go first. All functions
/// may be called from any thread.
class KeptAnswers {
 public:
  explicit KeptAnswers(std::size_t most_bytes = 32 << 20) : most_bytes_(most_bytes) {}

  /// How a question may be answered.
  struct Terms {
    bool revalidate = false;                 ///< Whether it is asked only for what has changed.
    std::chrono::milliseconds fresh_for{0};  ///< How old an answer may be that is used unasked.
    bool must_ask = false;                   ///< However young an answer is.
    Instant now{};
  };

  /// What was asked, and what is known of it.
  class Question {
   public:
    /// The answer that was kept, where it is young enough: nobody needs to be asked.
    std::optional<net::HttpResponse> answer() const;

   private:
    friend class KeptAnswers;
    std::string key_;  // empty: nothing is kept
    Terms terms_;
    std::shared_ptr<const net::HttpResponse> kept_;
    bool is_fresh_ = false;
  };

  /// Finds what was kept for the request. Where that does not answer it, lets it ask only for what
  /// has changed, if the terms say so. One that has a condition, or a range, of its own stays as it
  /// is. `credential` is what it will be authenticated with, or null.
  Question ask(net::HttpRequest& request, const vault::Credential* credential, const Terms& terms);

  /// The answer as if it had been given whole: where nothing has changed, the one that was kept,
  /// with the headers of this one. Keeps it if it may be of use again.
  net::HttpResponse settle(const Question& question, net::HttpResponse response);

  /// Forgets the answer to that question: it told of a failure, which its status did not say.
  void drop(const Question& question);

  /// What all that is kept takes, about.
  std::size_t bytes() const;

 private:
  struct Entry {
    std::shared_ptr<const net::HttpResponse> response;
    Instant asked_at;
    std::size_t bytes = 0;
    std::list<std::string>::iterator used;  // its place in used_
  };

  void keep(const Question& question, net::HttpResponse response);
  void forget(const std::string& key);

  const std::size_t most_bytes_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  std::list<std::string> used_;  // keys, the last used first
  std::size_t bytes_ = 0;
};

}  // namespace tba::connectors
