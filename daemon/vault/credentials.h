#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "daemon/storage/store.h"
#include "daemon/vault/live_secrets.h"
#include "daemon/vault/master_key.h"
#include "daemon/vault/secret.h"
#include "shared/connector.h"
#include "shared/uuid.h"

namespace tba::vault {

/// What the daemon itself keeps with a credential, beside the fields that people set.
inline constexpr std::string_view kLoginProblem = "login_problem";  ///< Why it needs a login.

/// What everybody who manages credentials may see of one.
struct CredentialSummary {
  CredentialId id;
  std::string name;
  std::string connector;
  std::string scheme;
  std::optional<AuthScheme::Type> type;  ///< Nothing where it cannot be opened.
  std::string base_url;
  std::int64_t version = 1;
  Instant created_at;
  Instant updated_at;
  std::string problem;  ///< Why it cannot be used, as a sentence; empty where it can.
};

/// An opened credential. Its secrets are masked in logs (LiveSecrets) as long as anybody holds it.
struct Credential {
  CredentialId id;
  std::string name;
  std::string connector;
  std::string scheme;  ///< Of the connector.
  AuthScheme::Type type = AuthScheme::Type::bearer;
  std::string base_url;  ///< Overrides the connector's, or empty.
  std::int64_t version = 1;
  Fields fields;
  LiveSecrets::Registration masked;

  /// The value of a field; empty where it has none of that name.
  std::string_view field(std::string_view field_name) const {
    const auto found = fields.find(field_name);
    return found == fields.end() ? std::string_view() : found->second.view();
  }
};

/// What a field is to be; nothing: it is to go.
using FieldChanges = std::map<std::string, std::optional<Secret>, std::less<>>;

/// A credential to be stored.
struct NewCredential {
  std::string name;
  std::shared_ptr<const Connector> connector;  ///< The API it is for; not null.
  std::string scheme;                          ///< One of the connector's.
  std::string base_url;                        ///< Or empty.
  Fields fields;
};

/// The credentials, opened and ready to use; every change goes through the store first.
///
/// Without a master key that fits, credentials can be listed and removed, but neither used nor set:
/// each says why. All functions may be called from any thread; coroutines must be awaited before
/// the object goes.
class Credentials {
 public:
  /// Called with a credential's name after it was set or removed, or update() has changed whether
  /// it can be used; on the thread of the coroutine that did it, with no lock held.
  using Listener = std::function<void(const std::string& name)>;

  /// What the service needs from outside; all must outlive it.
  struct Environment {
    storage::Store& store;
    LiveSecrets& live_secrets;
    const Clock& clock;
    Random& random;
    UuidGenerator& ids;
  };

  Credentials(Environment environment, KeyFile key_file);
  ~Credentials();

  /// Set before the first change; not afterwards.
  void on_change(Listener listener) { listener_ = std::move(listener); }

  /// Reads the key file and opens what is stored. Once, before everything below. Calls no listener.
  /// Fails only where the store does: see key_problem().
  boost::asio::awaitable<Result<>> load();

  /// Why no credential can be opened: the key file is missing, unreadable, or does not fit. Nothing
  /// where all is well, or nothing is stored yet.
  std::optional<Error> key_problem() const;

  /// Whether there is a credential of that name, even one that cannot be used.
  bool knows(std::string_view name) const;

  /// The credential of that name; null where there is none or it cannot be used: see problem().
  std::shared_ptr<const Credential> find(std::string_view name) const;

  /// The same, be it that it waits for a login.
  std::shared_ptr<const Credential> find_for_login(std::string_view name) const;

  /// Why find() gives nothing, as a sentence; empty where it gives something.
  std::string problem(std::string_view name) const;

  /// All, by name.
  std::vector<CredentialSummary> list() const;

  /// Stores a credential, in place of the one of that name if there is one. Makes the key file
  /// where nothing is sealed yet. Errors: `invalid` where the name, the scheme, the base URL or a
  /// field is wrong; `conflict` where it is being changed by somebody else; key_problem(); the
  /// store's.
  boost::asio::awaitable<Result<CredentialSummary>> set(NewCredential credential);

  /// Stores other values of some fields, known to be good, as the version after `version`. Gives
  /// the credential as it then is. Errors: `not_found`; `conflict` where it is no longer that
  /// version; key_problem(); the store's.
  boost::asio::awaitable<Result<std::shared_ptr<const Credential>>> update(std::string name,
                                                                           std::int64_t version,
                                                                           FieldChanges changes);

  /// Errors: `not_found`; `conflict` where it is being changed by somebody else; the store's.
  boost::asio::awaitable<Result<>> remove(std::string name);

 private:
  struct Entry {
    CredentialSummary summary;
    std::shared_ptr<const Credential> opened;  // null where it cannot be opened
  };
  class Claim;

  boost::asio::awaitable<Result<Entry>> store(storage::Credential row, AuthScheme::Type type,
                                              Fields fields);
  Result<std::shared_ptr<const MasterKey>> key_for_sealing();
  Entry opened(const storage::Credential& row, Result<Fields> fields) const;  // with the type

  Environment environment_;
  const KeyFile key_file_;
  Listener listener_;

  mutable std::mutex mutex_;  // guards everything below
  std::map<std::string, Entry, std::less<>> entries_;
  std::set<std::string, std::less<>> claimed_;  // being changed
  std::shared_ptr<const MasterKey> key_;
  std::optional<Error> key_problem_;
};

}  // namespace tba::vault
