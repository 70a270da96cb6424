#include "daemon/auth/credential_state.h"

#include <chrono>
#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "shared/time_format.h"

using namespace std::chrono_literals;
using tba::Instant;
using tba::auth::keep_alive_due;
using tba::auth::may_be_renewed;
using tba::auth::renewal_due;
using tba::vault::Credential;

namespace {

constexpr Instant kNow{std::chrono::seconds(1'800'000'000)};

Credential with(const std::map<std::string, std::string>& fields) {
  Credential made;
  made.type = tba::AuthScheme::Type::oauth2;
  for (const auto& [name, value] : fields) made.fields.emplace(name, tba::vault::Secret(value));
  return made;
}

std::string after(tba::Duration time) {
  return tba::format_time(kNow + time);
}

}  // namespace

TEST_CASE(
    "credential state: a token is renewed a minute before its end, or a quarter of its life") {
  CHECK(renewal_due(with({}), kNow) == kNow);
  CHECK_FALSE(renewal_due(with({{"access_token", "a"}}), kNow));
  CHECK_FALSE(renewal_due(with({{"access_token", "a"}, {"expires_at", "soon"}}), kNow));
  CHECK(renewal_due(with({{"access_token", "a"}, {"expires_at", after(1h)}}), kNow) ==
        kNow + 59min);
  CHECK(renewal_due(
            with({{"access_token", "a"}, {"expires_at", after(40s)}, {"obtained_at", after(0s)}}),
            kNow) == kNow + 30s);
}

TEST_CASE("credential state: a refresh token is used three days before its end") {
  CHECK_FALSE(keep_alive_due(with({{"refresh_expires_at", after(1h)}})));
  CHECK_FALSE(keep_alive_due(with({{"refresh_token", "r"}})));
  CHECK(keep_alive_due(with({{"refresh_token", "r"}, {"refresh_expires_at", after(240h)}})) ==
        kNow + 168h);
  CHECK(keep_alive_due(with({{"refresh_token", "r"},
                             {"refresh_expires_at", after(24h)},
                             {"obtained_at", after(0s)}})) == kNow + 18h);
}

TEST_CASE("credential state: a refused token is renewed where nobody is needed for it") {
  CHECK(may_be_renewed(with({{"refresh_token", "r"}}), kNow));
  CHECK(may_be_renewed(with({{"grant", "client_credentials"}}), kNow));
  CHECK_FALSE(may_be_renewed(with({{"grant", "authorization_code"}}), kNow));
  CHECK_FALSE(may_be_renewed(with({}), kNow));
  auto bearer = with({{"refresh_token", "r"}});
  bearer.type = tba::AuthScheme::Type::bearer;
  CHECK_FALSE(may_be_renewed(bearer, kNow));
}
