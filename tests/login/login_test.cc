// The real programs log in with a strict provider, and use what it gives.

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sys/wait.h>

#include "tests/support/daemon_process.h"
#include "tests/support/eventually.h"
#include "tests/support/node_peer.h"

namespace tba::tests {

namespace {

using Catch::Contains;
using nlohmann::json;

constexpr auto* kSecret = "client+secret/swordfish=";
constexpr auto* kExpired = "2020-01-01T00:00:00Z";

/// The provider, and a daemon that knows it as the connector `notes`.
struct World {
  NodePeer provider{"tests/login/provider.mjs"};
  int port = json::parse(provider.greeting())["port"];
  httplib::Client client{"127.0.0.1", port};
  DaemonProcess daemon;

  World() {
    daemon.home().write("connectors/notes.yaml", fmt::format(R"(connector: notes
base_url: http://127.0.0.1:{0}/api
auth:
  oauth:
    type: oauth2
    grants: [authorization_code, device_code, client_credentials]
    authorize_url: "{{origin}}/auth"
    device_url: "{{origin}}/device/auth"
    token_url: "{{origin}}/token"
    scopes: [openid, offline_access, notes]
    authorize_parameters: {{ prompt: consent }}
  in-body:
    type: oauth2
    grants: [client_credentials]
    token_url: "{{origin}}/token"
    client_authentication: body
  rs256:
    type: oauth2
    grants: [jwt_bearer]
    token_url: "{{origin}}/jwt-token"
    jwt: {{ issuer: "{{client_email}}", audience: "http://127.0.0.1:{0}/jwt-token", key_id: "{{key_id}}" }}
  es256:
    type: oauth2
    grants: [jwt_bearer]
    token_url: "{{origin}}/jwt-token"
    jwt: {{ issuer: "{{client_email}}", audience: "http://127.0.0.1:{0}/jwt-token", key_id: "{{key_id}}", algorithm: ES256 }}
test: me
endpoints:
  me: {{ method: GET, path: /me }}
)",
                                                             port));
    daemon.write_workflow("who", R"(
on: { manual: {} }
steps:
  - { id: me, call: notes/me, credential: mine }
output: { account: "${{ .steps.me.body.account }}" }
)");
    daemon.start();
  }

  void set(const std::string& name, const std::string& scheme, json fields) {
    daemon.set_credential(
        name, {{"connector", "notes"}, {"scheme", scheme}, {"fields", std::move(fields)}});
  }
  void set_client() { set("mine", "oauth", {{"client_id", "basic"}, {"client_secret", kSecret}}); }

  /// One whose access token has ended, and whose refresh token the provider has given.
  void set_expired() {
    set("mine", "oauth",
        {{"client_id", "basic"},
         {"client_secret", kSecret},
         {"access_token", "an-old-access-token"},
         {"refresh_token", post("/test/mint")["refresh_token"]},
         {"expires_at", kExpired}});
  }

  json post(const std::string& path, const std::string& body = "") {
    return json::parse(client.Post(path, body, "application/json")->body);
  }
  int count(const std::string& grant) {
    const auto counts = json::parse(client.Get("/test/counts")->body);
    return counts.value(grant, 0);
  }

  std::string problem() const {
    const auto credentials = daemon.get("/api/v1/credentials");
    for (const auto& credential : credentials["items"]) {
      if (credential["name"] == "mine" && credential["problem"].is_string())
        return credential["problem"];
    }
    return "";
  }

  bool works(const std::string& name = "mine") const {
    const auto answer = daemon.call("POST", "/api/v1/credentials/" + name + "/test");
    REQUIRE(answer);
    INFO(answer->body);
    REQUIRE(answer->status == 200);
    return json::parse(answer->body)["works"];
  }
};

/// `tba-integrate credential login`, while it waits.
class LoginCommand {
 public:
  LoginCommand(const DaemonProcess& daemon, const std::string& arguments)
      : pipe_(::popen(fmt::format("'{}' --home '{}' credential login {} 2>&1", TBA_CLI_PROGRAM,
                                  daemon.home().path().string(), arguments)
                          .c_str(),
                      "r")) {
    REQUIRE(pipe_);
  }

  /// The first line that begins with that, without blanks before it.
  std::string line_with(const std::string& start) {
    std::array<char, 4096> bytes;
    while (std::fgets(bytes.data(), bytes.size(), pipe_)) {
      std::string line = bytes.data();
      line.erase(0, line.find_first_not_of(' '));
      while (line.ends_with('\n')) line.pop_back();
      if (line.starts_with(start)) return line;
      seen_ += line + "\n";
    }
    FAIL("no such line: " << start << ", but: " << seen_);
    return "";
  }

  /// Reads what it still writes, since it fails where nobody does; gives its exit code.
  int end() {
    std::array<char, 4096> bytes;
    while (std::fgets(bytes.data(), bytes.size(), pipe_)) {
    }
    const int status = ::pclose(pipe_);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  }

 private:
  FILE* pipe_;
  std::string seen_;
};

json browse(const std::string& url) {
  return json::parse(output_of_node("tests/login/browser.mjs", url));
}

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

std::string pem(const Key& key, bool is_public) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
  if (is_public) {
    PEM_write_bio_PUBKEY(bio.get(), key.get());
  } else {
    PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  }
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

}  // namespace

TEST_CASE("login: a browser comes back to this machine, and runs use what it brought") {
  World world;
  world.set_client();
  CHECK_THAT(world.problem(), Contains("nobody has logged in with it yet"));
  LoginCommand login(world.daemon, "mine");
  const auto page = browse(login.line_with("http://"));
  CHECK(page["status"] == 200);
  CHECK_THAT(page["page"].get<std::string>(), Contains("this page can be closed"));
  CHECK(login.line_with("logged in") == "logged in with credential mine");
  CHECK(login.end() == 0);
  CHECK(world.problem().empty());
  CHECK(world.works());
  const auto run = world.daemon.finished_run(world.daemon.start_run("who"));
  CHECK(run["status"] == "succeeded");
  CHECK(run["output"]["account"] == "octocat");
  CHECK(world.count("authorization_code") == 1);
  CHECK_THAT(world.daemon.log(), !Contains("swordfish"));
}

TEST_CASE("login: where nobody agrees, it says so and nothing has changed") {
  World world;
  world.set_client();
  world.post("/test/deny");
  LoginCommand login(world.daemon, "mine");
  const auto page = browse(login.line_with("http://"));
  CHECK(page["status"] == 400);
  CHECK_THAT(login.line_with("error:"), Contains("the login was refused: access_denied"));
  CHECK(login.end() == 2);
  CHECK_FALSE(world.problem().empty());
}

TEST_CASE("login: the URL that a browser ended up at elsewhere can be pasted") {
  World world;
  world.set_client();
  const std::string path = "/api/v1/credentials/mine/login";
  const auto redirect_uri =
      GENERATE("https://notes.invalid/callback", "http://127.0.0.1:1/callback");
  const auto begun =
      json::parse(world.daemon.call("POST", path, {{"redirect_uri", redirect_uri}})->body);
  const auto page = browse(begun["url"]);
  CHECK(page["status"] == 0);  // nobody is there
  const auto go_on = [&](const std::string& url) {
    const auto answer =
        world.daemon.call("POST", path + "/" + begun["id"].get<std::string>(), {{"url", url}});
    REQUIRE(answer->status == 200);
    return json::parse(answer->body);
  };
  const std::string url = page["url"];
  CHECK_THAT(go_on(begun["url"])["problem"].get<std::string>(),
             Contains("not the URL that the login comes back to"));
  CHECK(go_on(url)["done"] == true);
  CHECK(world.works());
}

TEST_CASE("login: a code typed on another machine brings tokens") {
  World world;
  world.set_client();
  LoginCommand login(world.daemon, "mine --grant device_code");
  const auto complete = login.line_with("Or open ");
  const auto page = browse(complete.substr(8));
  CHECK(page["status"] == 200);
  CHECK(login.line_with("logged in") == "logged in with credential mine");
  CHECK(login.end() == 0);
  CHECK(world.works());
  CHECK(world.count("urn:ietf:params:oauth:grant-type:device_code") >= 1);
}

TEST_CASE("login: a client gets a token for itself, by header or by body") {
  World world;
  world.set("mine", "oauth",
            {{"client_id", "basic"}, {"client_secret", kSecret}, {"scopes", "notes"}});
  LoginCommand login(world.daemon, "mine --grant client_credentials");
  CHECK(login.line_with("") == "logged in with credential mine");
  CHECK(login.end() == 0);
  CHECK(world.works());
  world.set("body", "in-body", {{"client_id", "post"}, {"client_secret", kSecret}});
  CHECK(world.works("body"));  // without a login
  world.set("wrong", "in-body", {{"client_id", "post"}, {"client_secret", "wrong"}});
  CHECK_FALSE(world.works("wrong"));
}

TEST_CASE("login: what our keys sign is found right by another's verifier") {
  World world;
  const auto check = [&](const char* algorithm, const std::string& scheme, const Key& key) {
    world.post("/test/key", json{{"algorithm", algorithm}, {"pem", pem(key, true)}}.dump());
    world.set("mine", scheme,
              {{"client_email", "robot@notes.example"},
               {"key_id", "k7"},
               {"private_key", pem(key, false)}});
    LoginCommand login(world.daemon, "mine");
    CHECK(login.line_with("") == "logged in with credential mine");
    CHECK(login.end() == 0);
    world.set("mine", scheme,
              {{"client_email", "somebody@else.example"},
               {"key_id", "k7"},
               {"private_key", pem(key, false)}});
    LoginCommand wrong(world.daemon, "mine");
    CHECK_THAT(wrong.line_with("error:"), Contains("invalid_grant"));
    CHECK(wrong.end() == 2);
  };
  check("RS256", "rs256", Key(EVP_RSA_gen(2048), EVP_PKEY_free));
  check("ES256", "es256", Key(EVP_EC_gen("P-256"), EVP_PKEY_free));
}

TEST_CASE("login: 200 runs that meet an ended token cause one refresh") {
  World world;
  world.set_expired();
  world.post("/test/hold");
  std::vector<std::string> runs;
  for (int i = 0; i < 200; ++i) runs.push_back(world.daemon.start_run("who"));
  REQUIRE(eventually([&] { return world.count("refresh_token") == 1; }));
  world.post("/test/release");
  for (const auto& run : runs) CHECK(world.daemon.finished_run(run)["status"] == "succeeded");
  CHECK(world.count("refresh_token") == 1);
}

TEST_CASE(
    "login: a token that the API refuses before its end is renewed, and the call made again") {
  World world;
  world.set("mine", "oauth",
            {{"client_id", "basic"},
             {"client_secret", kSecret},
             {"access_token", "taken-back"},
             {"refresh_token", world.post("/test/mint")["refresh_token"]},
             {"expires_at", "2100-01-01T00:00:00Z"}});
  CHECK(world.daemon.finished_run(world.daemon.start_run("who"))["status"] == "succeeded");
  CHECK(world.count("refresh_token") == 1);
}

TEST_CASE("login: a daemon killed before it could store new tokens says that a login is needed") {
  World world;
  world.set_expired();
  world.daemon.write_workflow("told", R"(
on: { event: { name: credential.needs_login } }
steps: [ { id: it, set: { credential: "${{ .trigger.body.credential }}" } } ]
)");
  REQUIRE(world.daemon.call("POST", "/api/v1/reload")->status < 300);
  world.post("/test/hold");
  world.daemon.start_run("who");
  // The provider has rotated the token by now; its answer has not left.
  REQUIRE(eventually([&] { return world.count("refresh_token") == 1; }));
  CHECK(world.daemon.kill() == 137);
  world.post("/test/release");
  world.daemon.start();
  REQUIRE(eventually([&] { return !world.problem().empty(); }));
  CHECK_THAT(world.problem(), Contains("needs a login") && Contains("was cut short"));
  const auto told = [&] {
    const auto runs = world.daemon.list("/api/v1/runs?workflow=told");
    return runs.size() == 1 && runs[0]["status"] == "succeeded";
  };
  CHECK(eventually(told));

  LoginCommand login(world.daemon, "mine");
  (void)browse(login.line_with("http://"));
  CHECK(login.end() == 0);
  CHECK(world.works());
}

TEST_CASE("login: one killed before it asked has a working token when it is back") {
  World world;
  world.set_expired();
  CHECK(world.daemon.kill() == 137);
  world.daemon.start();
  CHECK(world.works());
  CHECK(world.count("refresh_token") == 1);
}

TEST_CASE("login: a token endpoint that is down for a while costs tries, not the run") {
  const NodePeer provider("tests/login/mock.mjs");
  DaemonProcess daemon;
  daemon.home().write("connectors/mock.yaml",
                      fmt::format(R"(connector: mock
base_url: http://127.0.0.1:{}
auth:
  oauth:
    type: oauth2
    grants: [authorization_code]
    authorize_url: "{{origin}}/authorize"
    token_url: "{{origin}}/token"
endpoints:
  me: {{ method: GET, path: /userinfo }}
)",
                                  json::parse(provider.greeting())["port"].get<int>()));
  daemon.write_workflow("who", R"(
on: { manual: {} }
steps:
  - id: me
    call: mock/me
    credential: mine
    retry: { attempts: 10, initial: 500ms, factor: 1, jitter: false, on: [network] }
output: { account: "${{ .steps.me.body.account }}" }
)");
  daemon.start();
  const auto set = [&](const std::string& refresh_token) {
    daemon.set_credential("mine", {{"connector", "mock"},
                                   {"scheme", "oauth"},
                                   {"fields",
                                    {{"client_id", "c"},
                                     {"access_token", "old"},
                                     {"refresh_token", refresh_token},
                                     {"expires_at", kExpired}}}});
  };
  set("good");
  const auto run = daemon.finished_run(daemon.start_run("who"));
  CHECK(run["status"] == "succeeded");
  CHECK(run["output"]["account"] == "octocat");

  set("taken-back");
  CHECK(daemon.finished_run(daemon.start_run("who"))["status"] == "failed");
  const auto held = daemon.get("/api/v1/workflows/who");
  CHECK_THAT(held.dump(), Contains("somebody took it back"));
}

}  // namespace tba::tests
