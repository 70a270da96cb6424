#include <fstream>
#include <map>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <openssl/evp.h>

#include "tests/support/daemon_process.h"
#include "tests/support/github.h"
#include "tests/support/http_server.h"
#include "tests/support/raw_server.h"

namespace tba::tests {

namespace {

using nlohmann::json;

const std::vector<std::string> kSecrets = {
    "tok3n+bearer/swordfish=", "b0t+key/swordfish=",   "p4th-key-swordfish",
    "qu3ry+key/swordfish&=",   "pa55word:+/swordfish", "h00k+secret/swordfish=",
};

constexpr auto kInternal = R"(
connector: internal
title: One of our own
base_url: http://127.0.0.1:1
auth:
  login: { type: basic }
  key: { type: api_key, in: query, parameter: key }
endpoints:
  report: { method: POST, path: /report }
)";

/// Every call fails, and the run goes on with what handles a failure.
std::string failing_workflow(std::string_view call, std::string_view credential,
                             std::string_view with) {
  return fmt::format(R"(
on: {{ manual: {{}} }}
steps:
  - id: fails
    call: {0}
    credential: {1}
    with: {2}
    effect: repeat
    retry: {{ attempts: 2, initial: 1ms }}
on_failure:
  - id: told
    set: {{ text: "${{{{ .error.message }}}}" }}
)",
                     call, credential, with);
}

/// Likewise, of a request that no connector describes.
std::string requesting_workflow(const std::string& base_url) {
  return fmt::format(R"(
on: {{ manual: {{}} }}
steps:
  - {{ id: fails, http: {{ url: "{}/a" }}, credential: bot }}
on_failure:
  - {{ id: told, set: {{ text: "${{{{ .error.message }}}}" }} }}
)",
                     base_url);
}

std::string base64(const std::string& text) {
  std::string encoded(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return encoded;
}

std::string percent_encoded(const std::string& text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) || c == '-';
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

/// No form of a secret stands in the text; `where` names it.
void check_free_of_secrets(const std::string& where, const std::string& text) {
  INFO(where << ": " << text.substr(0, 3000));
  CHECK(text.find("swordfish") == std::string::npos);
  for (const auto& secret : kSecrets) {
    CHECK(text.find(percent_encoded(secret)) == std::string::npos);
    CHECK(text.find(base64(secret)) == std::string::npos);
    CHECK(text.find(base64("officer:" + secret)) == std::string::npos);
  }
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("secrets: no credential stands in the log, an answer of the API or a file") {
  HttpServer refusing([](httplib::Server& server) {
    const auto refuse = [](const httplib::Request&, httplib::Response& response) {
      response.status = 401;
      response.set_content(R"({"message": "Bad credentials"})", "application/json");
    };
    server.Get(".*", refuse);
    server.Post(".*", refuse);
  });
  // As a proxy does that has no such page.
  HttpServer repeating([](httplib::Server& server) {
    const auto repeat = [](const httplib::Request& request, httplib::Response& response) {
      std::string text = request.target;
      for (const auto& [name, value] : request.headers) text += " " + name + ": " + value;
      response.status = 404;
      response.set_header("X-Asked", request.target);
      response.set_content(json({{"message", text}}).dump(), "application/json");
    };
    server.Get(".*", repeat);
    server.Post(".*", repeat);
  });
  RawServer hanging_up([](RawConnection& connection) { connection.read_request(); });
  const auto nobody = fmt::format("http://127.0.0.1:{}", unused_port());
  const std::map<std::string, std::string> far_sides = {
      {"refuses", refusing.url("")},
      {"repeats", repeating.url("")},
      {"hangs up", hanging_up.url("")},
      {"does not listen", nobody},
      {"has no address", "http://does-not-exist.invalid"},
      {"speaks no TLS", fmt::format("https://127.0.0.1:{}", refusing.port())}};
  const std::string far_side = GENERATE("refuses", "repeats", "hangs up", "does not listen",
                                        "has no address", "speaks no TLS");
  const auto& base_url = far_sides.at(far_side);
  INFO(far_side);

  DaemonProcess daemon("log: { level: debug }\n");
  daemon.home().write("connectors/internal.yaml", kInternal);
  daemon.write_workflow("bearer", failing_workflow("github/get-user", "bot", "{ username: x }"));
  daemon.write_workflow("header", failing_workflow("discord/create-message", "discord-bot",
                                                   "{ channel_id: \"1\", content: x }"));
  daemon.write_workflow("path", failing_workflow("discord/execute-webhook", "discord-webhook",
                                                 "{ webhook_id: \"1\", content: x }"));
  daemon.write_workflow("query", failing_workflow("internal/report", "internal-key", "{}"));
  daemon.write_workflow("basic", failing_workflow("internal/report", "internal-login", "{}"));
  daemon.write_workflow("raw", requesting_workflow(base_url));
  daemon.write_workflow(
      "hook",
      "on: { webhook: { connector: github, credential: hook } }\nsteps: [{ set: { x: 1 } }]\n");
  daemon.start();
  const auto set = [&](const char* name, const char* connector, const char* scheme, json fields) {
    json credential = {{"connector", connector}, {"scheme", scheme}, {"fields", std::move(fields)}};
    if (std::string_view(name) != "hook") credential["base_url"] = base_url;
    daemon.set_credential(name, credential);
  };
  set("bot", "github", "token", {{"token", kSecrets[0]}});
  set("discord-bot", "discord", "bot", {{"key", kSecrets[1]}});
  set("discord-webhook", "discord", "webhook", {{"key", kSecrets[2]}});
  set("internal-key", "internal", "key", {{"key", kSecrets[3]}});
  set("internal-login", "internal", "login", {{"username", "officer"}, {"password", kSecrets[4]}});
  set("hook", "github", "webhook", {{"secret", kSecrets[5]}});

  // A delivery that shows its secret, where it must not be kept.
  httplib::Client client("127.0.0.1", daemon.port());
  auto headers = signed_github_headers("push", "1", kSecrets[5], "{}");
  headers.emplace("Authorization", "Bearer " + kSecrets[5]);
  headers.emplace("Cookie", "session=" + kSecrets[5]);
  CHECK(client.Post("/hooks/hook", headers, "{}", "application/json")->status == 202);
  CHECK(client.Post("/hooks/hook", {{"Authorization", kSecrets[5]}}, "{}", "application/json")
            ->status == 401);

  std::vector<std::string> paths = {"status",     "runs",      "deliveries",
                                    "rejections", "schedules", "credentials",
                                    "connectors", "workflows", "connectors/internal"};
  for (const std::string workflow : {"bearer", "header", "path", "query", "basic", "raw"}) {
    INFO(workflow);
    const auto run = daemon.start_run(workflow);
    const auto events = daemon.events(run);
    for (const auto& event : events) check_free_of_secrets("event", event.data.dump());
    REQUIRE(events.back().data["status"] == "failed");
    REQUIRE(events.back().data["failure"]["kind"] ==
            (far_side == "refuses" || far_side == "repeats" ? "http_status" : "network"));
    paths.push_back("runs/" + run);
    paths.push_back("runs/" + run + "/logs");
    paths.push_back("workflows/" + workflow);
  }
  for (const auto& delivery : daemon.list("/api/v1/deliveries"))
    paths.push_back("deliveries/" + delivery["id"].get<std::string>());
  for (const auto& path : paths) check_free_of_secrets(path, daemon.get("/api/v1/" + path).dump());
  // A wrong credential is refused without being repeated.
  const json wrong = {
      {"connector", "github"}, {"scheme", "token"}, {"fields", {{"kye", kSecrets[0]}}}};
  const auto refused = daemon.call("PUT", "/api/v1/credentials/wrong", wrong);
  CHECK(refused->status == 400);
  check_free_of_secrets("refusal", refused->body);
  const auto called = daemon.call(
      "POST", "/api/v1/connectors/discord/endpoints/execute-webhook/call",
      {{"parameters", {{"webhook_id", "1"}, {"content", "x"}}}, {"credential", "discord-webhook"}});
  check_free_of_secrets("call", called->body);

  CHECK(daemon.stop() == 0);
  CHECK_FALSE(daemon.log().empty());
  for (const auto& file : std::filesystem::recursive_directory_iterator(daemon.home().path())) {
    if (file.is_regular_file()) check_free_of_secrets(file.path().string(), read(file.path()));
  }
}

}  // namespace tba::tests
