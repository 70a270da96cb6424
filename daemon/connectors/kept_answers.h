#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "daemon/net/http_client.h"
#include "daemon/vault/credentials.h"

namespace tba::connectors {

/// The header of an answer that stands for one that was kept: the far side said that it has not
/// changed since.
constexpr std::string_view kRevalidatedHeader = "tba-revalidated";

/// Keeps answers, so that APIs need only say that nothing has changed (RFC 9110 section 13), which
/// costs them little, and often counts against no limit. Nothing is used without asking, however
/// long an answer says that it is good for: what a run reads is what there is.
///
/// Each credential has answers of its own, and those of one that was set anew are not used again.
/// They are kept in memory: a restart costs one whole answer each, while on disk they would outlive
/// the runs that they were got for. The ones that were not used for longest go first. All functions
/// may be called from any thread.
class KeptAnswers {
 public:
  explicit KeptAnswers(std::size_t most_bytes = 32 << 20) : most_bytes_(most_bytes) {}

  /// What was asked, and what is known of it.
  class Question {
    friend class KeptAnswers;
    std::string key_;  // empty: nothing is kept
    std::shared_ptr<const net::HttpResponse> kept_;
  };

  /// Lets the request ask only for what has changed since the answer that was kept, if one was. One
  /// that has a condition, or a range, of its own stays as it is. `credential` is what it will be
  /// authenticated with, or null.
  Question ask(net::HttpRequest& request, const vault::Credential* credential);

  /// The answer as if it had been given whole: where nothing has changed, the one that was kept,
  /// with the headers of this one. Keeps it if it is one that can be asked about.
  net::HttpResponse settle(Question question, net::HttpResponse response);

  /// What all that is kept takes, about.
  std::size_t bytes() const;

 private:
  struct Entry {
    std::shared_ptr<const net::HttpResponse> response;
    std::size_t bytes = 0;
    std::list<std::string>::iterator used;  // its place in used_
  };

  void keep(const std::string& key, net::HttpResponse response);
  void forget(const std::string& key);

  const std::size_t most_bytes_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  std::list<std::string> used_;  // keys, the last used first
  std::size_t bytes_ = 0;
};

}  // namespace tba::connectors
