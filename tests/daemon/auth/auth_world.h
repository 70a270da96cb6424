#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>

#include "daemon/auth/logins.h"
#include "daemon/auth/token_keeper.h"
#include "daemon/connectors/digest.h"
#include "daemon/http/form.h"
#include "daemon/vault/base64.h"
#include "shared/connector_reader.h"
#include "shared/diagnostic.h"
#include "shared/value/json.h"
#include "tests/support/await.h"
#include "tests/support/engine_world.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_credential_store.h"
#include "tests/support/result.h"
#include "tests/support/scripted_http_client.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temporary_folder.h"

namespace tba::tests {

/// Answers as a ScriptedHttpClient does, but where it is told to hold, not before it is let go.
class HeldHttpClient final : public net::HttpClient {
 public:
  explicit HeldHttpClient(boost::asio::io_context& io)
      : gate_(io, boost::asio::steady_timer::time_point::max()) {}

  boost::asio::awaitable<net::HttpResult> send(net::HttpRequest request) override {
    ++waiting;
    while (holds) {
      boost::system::error_code cancelled;
      co_await gate_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    }
    --waiting;
    co_return co_await script.send(std::move(request));
  }

  void let_go() {
    holds = false;
    gate_.cancel();
  }

  bool holds = false;
  int waiting = 0;
  ScriptedHttpClient script;

 private:
  boost::asio::steady_timer gate_;
};

/// A connector with one auth scheme of each kind that logs in.
inline std::shared_ptr<const Connector> notes() {
  Diagnostics diagnostics;
  auto connector = read_connector("notes.yaml", R"(connector: notes
base_url: https://api.notes.example/v1
auth:
  oauth:
    type: oauth2
    grants: [authorization_code, device_code]
    authorize_url: https://login.notes.example/authorize
    device_url: https://login.notes.example/device
    token_url: https://login.notes.example/token
    scopes: [read, write]
    authorize_parameters: { prompt: consent }
    refresh_lifetime: 30d
  app:
    type: oauth2
    grants: [client_credentials]
    token_url: "{origin}/{tenant}/token"
    client_authentication: body
    token_body: json
    token_parameters: { audience: notes }
    token_headers: { X-Version: "2" }
  robot:
    type: oauth2
    grants: [jwt_bearer]
    token_url: https://login.notes.example/token
    scopes: [read]
    jwt: { issuer: "{client_email}", audience: https://login.notes.example, key_id: "{private_key_id}" }
  installation:
    type: oauth2
    grants: [jwt_bearer]
    token_url: https://api.notes.example/installations/{installation_id}/tokens
    jwt: { issuer: "{app_id}", sent_as: bearer, algorithm: ES256 }
    token: ${{ .token }}
    expires_at: ${{ .until }}
  token: { type: bearer }
endpoints: {}
)",
                                  diagnostics);
  REQUIRE(connector);
  return std::make_shared<const Connector>(std::move(*connector));
}

/// A daemon's worth of what logins need; start() stands for a restart.
struct AuthWorld {
  TemporaryFolder folder;
  boost::asio::io_context io;
  std::unique_ptr<daemon::Log> log = daemon::Log::silent();
  FakeCredentialStore store;
  FakeClock clock;
  SeededRandom random{3};
  UuidGenerator ids{clock, random};
  vault::LiveSecrets live_secrets;
  HeldHttpClient http{io};
  FakeAlarm alarm;
  std::shared_ptr<const Connector> connector = notes();
  std::vector<std::string> changed;
  std::unique_ptr<vault::Credentials> credentials;
  std::unique_ptr<auth::TokenKeeper> keeper;
  std::unique_ptr<auth::Logins> logins;

  AuthWorld() { start(); }
  ~AuthWorld() { await(stop()); }

  void start() {
    if (keeper) await(stop());
    logins.reset();
    keeper.reset();
    credentials = std::make_unique<vault::Credentials>(
        vault::Credentials::Environment{store, live_secrets, clock, random, ids},
        vault::KeyFile{folder / "vault.key", false});
    credentials->on_change([this](const std::string& name) {
      changed.push_back(name);
      keeper->changed(name);
    });
    await(credentials->load()).value();
    const auth::ConnectorLookup connector_of = [this](const std::string& name) {
      return connector && name == connector->name ? connector : nullptr;
    };
    keeper = std::make_unique<auth::TokenKeeper>(auth::TokenKeeper::Environment{
        io.get_executor(), *credentials, http, alarm, clock, random, connector_of, *log});
    logins = std::make_unique<auth::Logins>(
        auth::Logins::Environment{*keeper, *credentials, http, clock, random, connector_of});
    keeper->start();
  }

  boost::asio::awaitable<bool> stop() {
    co_await keeper->stop();
    co_return true;
  }

  template <class T>
  T await(boost::asio::awaitable<T> task) {
    return tests::await(io, std::move(task));
  }

  /// Carries out what is ready.
  void settle() {
    io.restart();
    io.poll();
  }

  void set(const std::string& name, const std::string& scheme,
           const std::map<std::string, std::string>& fields) {
    vault::NewCredential made{name, notes(), scheme, "", {}};
    for (const auto& [field, value] : fields) made.fields.emplace(field, vault::Secret(value));
    await(credentials->set(std::move(made))).value();
    settle();
  }

  /// One that somebody has logged in with: its tokens are "access-1" and "refresh-1".
  void set_logged_in(const std::string& name = "mine",
                     const std::string& expires_at = "2020-01-01T00:00:00Z") {
    set(name, "oauth",
        {{"client_id", "c1"},
         {"client_secret", "client-secret"},
         {"access_token", "access-1"},
         {"refresh_token", "refresh-1"},
         {"expires_at", expires_at}});
  }

  Result<std::shared_ptr<const vault::Credential>> usable(const std::string& name = "mine") {
    return await(keeper->usable(name));
  }

  std::string field(const std::string& name, std::string_view field) {
    const auto credential = credentials->find_for_login(name);
    return credential ? std::string(credential->field(field)) : "";
  }

  std::vector<net::HttpRequest>& requests() { return http.script.requests; }
};

/// A field of a form or a JSON object.
inline std::string sent(const net::HttpRequest& request, const std::string& name) {
  if (const auto body = parse_json(request.body); body && body->is_object()) {
    const auto* member = body->find(name);
    return member ? std::string(member->as_string()) : "";
  }
  const auto fields = http::parse_form(request.body).value();
  for (const auto& [field, value] : fields) {
    if (field == name) return value;
  }
  return "";
}

inline std::string header(const net::HttpRequest& request, const std::string& name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return "";
}

}  // namespace tba::tests
