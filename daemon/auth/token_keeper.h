#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "daemon/auth/subject.h"
#include "daemon/auth/token_answer.h"
#include "daemon/engine/alarm.h"
#include "daemon/log.h"
#include "daemon/net/http_client.h"
#include "daemon/task_group.h"
#include "daemon/vault/credentials.h"
#include "shared/clock.h"
#include "shared/random.h"

namespace tba::auth {

/// Keeps the access tokens of oauth2 credentials fresh.
///
/// There is one refresh of a credential at a time; whoever needs the token meanwhile waits for it.
/// Before a refresh token is used, a stored mark says so, and new tokens are stored before anybody
/// gets them. So a daemon that dies in between tries again with the old refresh token at its next
/// start: either that still works, or the credential says that it needs a login. Where a token
/// endpoint refuses a grant, the credential says so, too; nothing is ever deleted.
///
/// A refresh token whose end is known is used shortly before, even where nobody needs the access
/// token.
class TokenKeeper {
 public:
  /// What it needs from outside; all must outlive it.
  struct Environment {
    boost::asio::any_io_executor executor;  ///< Runs one handler at a time; the alarm's, too.
    vault::Credentials& credentials;
    net::HttpClient& http;
    engine::Alarm& alarm;
    const Clock& clock;
    Random& random;
    ConnectorLookup connector_of;
    daemon::Log& log;
  };

  explicit TokenKeeper(Environment environment);
  ~TokenKeeper();

  /// Takes up the refreshes that the daemon's end cut short, and begins to watch over the ends of
  /// refresh tokens. Once, after the credentials and connectors are there; on the executor.
  void start();

  /// Begins no refresh any more; completes when those in flight have ended. On the executor.
  boost::asio::awaitable<void> stop();

  /// The credential, whatever its type, ready to be used: an oauth2 one with an access token that
  /// has not ended. From any executor. Errors: `invalid` where it cannot be used until somebody
  /// does something about it; `unavailable` where no token could be got for now.
  boost::asio::awaitable<Result<std::shared_ptr<const vault::Credential>>> usable(std::string name);

  /// The same for somebody whose token, that of this version of the credential, was refused
  /// although it has not ended.
  boost::asio::awaitable<Result<std::shared_ptr<const vault::Credential>>> renewed(
      std::string name, std::int64_t version);

  /// Gets a first token under a grant to which nobody needs to agree. On the executor. Errors: as
  /// usable().
  boost::asio::awaitable<Result<>> obtain(std::string name, OAuth2Scheme::Grant grant);

  /// Stores tokens that somebody's login has brought. On the executor. Errors: those of the vault.
  boost::asio::awaitable<Result<>> accept(std::string name, OAuth2Scheme::Grant grant,
                                          Tokens tokens);

  /// The credential was set or removed. From any thread.
  void changed(const std::string& name);

 private:
  struct Flight;
  /// What is known of a credential whose last refresh brought nothing.
  struct Failing {
    int times = 0;
    Instant not_before;
    Error error;
  };
  using Usable = Result<std::shared_ptr<const vault::Credential>>;

  boost::asio::awaitable<Usable> after_refresh(std::string name, std::int64_t version);
  boost::asio::awaitable<void> fly(std::string name, std::shared_ptr<Flight> flight);
  boost::asio::awaitable<Result<>> refresh(std::string name);
  boost::asio::awaitable<Result<>> refresh_by_token(Subject subject);
  boost::asio::awaitable<Result<>> refresh_by_grant(Subject subject, OAuth2Scheme::Grant grant);
  boost::asio::awaitable<Result<>> store(const Subject& subject, const Tokens& tokens,
                                         std::optional<OAuth2Scheme::Grant> grant);
  boost::asio::awaitable<Result<>> refused(Subject subject, Refusal refusal, bool was_cut_short);
  Result<Subject> subject(const std::string& name) const {
    return subject_of(name, environment_.credentials, environment_.connector_of);
  }
  Usable found(const std::string& name) const;
  Error failed(const std::string& name, const Refusal& refusal);
  std::shared_ptr<Flight> flight_of(const std::string& name) const;
  std::shared_ptr<Flight> begin_flight(const std::string& name);
  void watch();
  void keep_alive();

  Environment environment_;
  daemon::TaskGroup tasks_;
  bool stopping_ = false;
  std::map<std::string, std::shared_ptr<Flight>, std::less<>> flights_;  // by credential
  std::map<std::string, Failing, std::less<>> failing_;                  // likewise
};

}  // namespace tba::auth
