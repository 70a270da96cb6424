#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "daemon/auth/subject.h"
#include "daemon/auth/token_answer.h"
#include "daemon/auth/token_keeper.h"
#include "daemon/net/http_client.h"
#include "daemon/vault/credentials.h"
#include "shared/clock.h"
#include "shared/random.h"

namespace tba::auth {

/// Lets people log in with oauth2 credentials. A login is begun, then gone on with until it has
/// brought tokens; it is kept in memory, bound in number and time, and ends with the daemon. Used
/// on one executor only, that of the keeper.
class Logins {
 public:
  /// What it needs from outside; all must outlive it.
  struct Environment {
    TokenKeeper& keeper;
    const vault::Credentials& credentials;
    net::HttpClient& http;
    const Clock& clock;
    Random& random;
    ConnectorLookup connector_of;
  };

  explicit Logins(Environment environment) : environment_(std::move(environment)) {}

  /// What somebody who logs in has to do.
  struct Begun {
    std::string id;  ///< Of the login; empty: it is done already, as nobody needed to agree.
    OAuth2Scheme::Grant grant = OAuth2Scheme::Grant::authorization_code;
    std::string url;                   ///< To be opened in a browser; holds no secret.
    std::string complete_url;          ///< device_code: with the code in it; or empty.
    std::string user_code;             ///< device_code: to be typed in there.
    std::chrono::seconds interval{0};  ///< device_code: how often to go on.
    Instant expires_at;
  };

  /// Begins a login under the grant or, where none is named, the first of the credential's scheme.
  /// `redirect_uri` is where authorization_code comes back to: https, or http on this machine.
  /// Errors: `not_found`; `invalid` where the credential knows no login, or no such grant, or the
  /// redirect URI is none; `unavailable` where the far side cannot be asked; `limit_exceeded` where
  /// too many are under way.
  boost::asio::awaitable<Result<Begun>> begin(std::string name,
                                              std::optional<OAuth2Scheme::Grant> grant,
                                              std::string redirect_uri);

  /// How far a login is.
  struct Progress {
    bool is_done = false;  ///< It has brought tokens.
    std::string problem;   ///< Why what was given did not count; or empty. The login goes on.
  };

  /// Goes on with a login: device_code asks whether somebody has agreed. `redirected_to` is the
  /// whole URL that authorization_code came back to, which counts once. Errors, with which the
  /// login ends: `not_found` where there is none (any more); `invalid` where the far side refused;
  /// `unavailable`.
  boost::asio::awaitable<Result<Progress>> go_on(std::string name, std::string id,
                                                 std::string redirected_to);

 private:
  struct Login {
    std::string credential;
    OAuth2Scheme::Grant grant;
    std::string state;     ///< RFC 6749, section 10.12.
    std::string verifier;  ///< RFC 7636; empty without PKCE.
    std::string redirect_uri;
    DeviceCode device;
    Instant next_poll;
    Instant expires_at;
  };
  Result<Begun> begin_in_browser(const Subject& subject, std::string redirect_uri);
  boost::asio::awaitable<Result<Begun>> begin_elsewhere(Subject subject);
  boost::asio::awaitable<Result<Progress>> redeem(Login login, std::string redirected_to);
  boost::asio::awaitable<Result<Progress>> poll(std::string id);
  Result<Subject> subject(const std::string& name) const {
    return subject_of(name, environment_.credentials, environment_.connector_of);
  }
  std::string keep(Login login);
  void forget_old();
  std::string random_text(std::size_t bytes);

  Environment environment_;
  std::map<std::string, Login, std::less<>> logins_;  // by id
};

}  // namespace tba::auth
