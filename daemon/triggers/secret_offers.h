#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/vault/credentials.h"
#include "daemon/vault/secret.h"
#include "shared/clock.h"
#include "shared/error.h"

namespace tba::triggers {

/// A secret that somebody sent to a webhook, to sign with it from then on.
struct SecretOffer {
  std::string id;          ///< Made by SecretOffers: another one for another secret.
  std::string credential;  ///< Whose secret it would be.
  std::string connector;
  std::string scheme;    ///< The connector's auth scheme.
  std::string workflow;  ///< That the webhook is of.
  std::string client;    ///< The address of whoever sent it; empty where it is not known.
  Instant at;
  vault::Secret secret;
};

/// The secrets that are offered for credentials that are not there yet. Anybody can offer one, so
/// none is used before a person has said so, who has seen that the API agrees. They are kept in
/// memory only, shown for kLifetime, and few: kMost for a credential, of which the address that has
/// sent most loses its oldest. On the server's executor.
class SecretOffers {
 public:
  static constexpr std::size_t kMost = 8;
  static constexpr std::chrono::hours kLifetime{24};
  static constexpr std::size_t kShortest = 16;
  static constexpr std::size_t kLongest = 200;

  /// Both must outlive it.
  SecretOffers(const vault::Credentials& credentials, const Clock& clock)
      : credentials_(credentials), clock_(clock) {}

  /// Keeps one. Errors (`invalid`), which do not show it: it is not kShortest to kLongest letters,
  /// digits and -._~+/=.
  Result<> add(SecretOffer offer);

  /// Those that may still be accepted, the newest first.
  std::vector<std::shared_ptr<const SecretOffer>> list();

  /// The one of that id; null where there is none any more.
  std::shared_ptr<const SecretOffer> find(const std::string& id);

 private:
  void forget_settled();
  void make_room(const std::string& credential);

  const vault::Credentials& credentials_;
  const Clock& clock_;
  std::vector<std::shared_ptr<const SecretOffer>> offers_;  // the newest first
};

}  // namespace tba::triggers
