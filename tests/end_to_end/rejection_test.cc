#include <fstream>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/support/daemon_process.h"
#include "tests/support/eventually.h"
#include "tests/support/github.h"
#include "tests/support/raw_client.h"

namespace tba::tests {

namespace {

using nlohmann::json;

constexpr auto kSecret = "webhook-secret";
constexpr auto kBody = R"({"action": "opened", "issue": {"title": "swordfish"}})";
constexpr auto kPath = "/hooks/inbox";

constexpr auto kInbox = R"(
on: { webhook: { connector: github, event: issues.opened, credential: github-webhook } }
steps:
  - id: note
    set: { title: "${{ .trigger.body.issue.title }}" }
)";
constexpr auto kHeld = R"(
on: { webhook: { connector: github, credential: nobody-has-made-it } }
steps: [{ set: { x: 1 } }]
)";

constexpr auto kElsewhere = R"(
on: { webhook: { verify: none, allow_from: 203.0.113.0/24 } }
steps: [{ set: { x: 1 } }]
)";

/// A running daemon with a webhook that is signed, one whose workflow is held, and one for others.
class Receiver {
 public:
  Receiver() {
    daemon.write_workflow("inbox", kInbox);
    daemon.write_workflow("held", kHeld);
    daemon.write_workflow("elsewhere", kElsewhere);
    daemon.start();
    daemon.set_credential(
        "github-webhook",
        {{"connector", "github"}, {"scheme", "webhook"}, {"fields", {{"secret", kSecret}}}});
  }

  /// Posts the body with a signature of `signed_body`; gives the status.
  int post(const std::string& path, const std::string& body, std::string_view signed_body,
           std::string_view secret = kSecret) {
    return post(path, body, signed_github_headers("issues", "1-2-3", secret, signed_body));
  }
  int post(const std::string& path, const std::string& body, const httplib::Headers& headers) {
    httplib::Client client("127.0.0.1", daemon.port());
    client.set_read_timeout(30);
    client.set_write_timeout(30);
    const auto answer = client.Post(path, headers, body, "application/json");
    return answer ? answer->status : 0;
  }
  /// Sends the text and nothing more; gives the status of the answer.
  int send(const std::string& text) {
    auto client = RawClient::tcp(static_cast<std::uint16_t>(daemon.port()));
    client.send(text);
    client.end_sending();
    const auto answer = client.read_all();
    return answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9)) : 0;
  }

  /// The record of the one request that was turned away; nothing of it was stored but that.
  json only_rejection() {
    CHECK(daemon.list("/api/v1/deliveries").empty());
    CHECK(daemon.list("/api/v1/runs").empty());
    const auto rejections = daemon.get("/api/v1/rejections").at("items");
    REQUIRE(rejections.size() == 1);
    CHECK(rejections[0].dump().find("swordfish") == std::string::npos);
    return rejections[0];
  }
  /// Whether the bytes stand in any file of the home.
  bool is_on_disk(std::string_view bytes) {
    for (const auto& file : std::filesystem::directory_iterator(daemon.home().path())) {
      if (!file.is_regular_file()) continue;
      std::ifstream in(file.path(), std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      if (text.find(bytes) != std::string::npos) return true;
    }
    return false;
  }

  DaemonProcess daemon;
};

std::string head_of(std::size_t length, std::string_view signed_body) {
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-GitHub-Event: issues\r\n"
      "X-GitHub-Delivery: 1-2-3\r\nX-Hub-Signature-256: {}\r\nContent-Length: {}\r\n\r\n",
      kPath, github_signature(kSecret, signed_body), length);
}

struct Case {
  const char* name;
  std::function<int(Receiver&)> send;
  int status;
  const char* path;
  const char* reason;  ///< A part of it.
};

const std::vector<Case> kCases = {
    {"a signature by another secret",
     [](Receiver& to) { return to.post(kPath, kBody, kBody, "another"); }, 401, "inbox",
     "signature"},
    {"no signature",
     [](Receiver& to) { return to.post(kPath, kBody, github_headers("issues", "1-2-3")); }, 401,
     "inbox", "X-Hub-Signature-256"},
    {"no signature, and of a large body only the header",
     [](Receiver& to) {
       return to.send(
           fmt::format("POST {} HTTP/1.1\r\nHost: x\r\nX-GitHub-Event: issues\r\nContent-Length: "
                       "20000000\r\n\r\n",
                       kPath));
     },
     401, "inbox", "X-Hub-Signature-256"},
    {"a body that is shorter than what was signed",
     [](Receiver& to) { return to.post(kPath, std::string(kBody, 20), kBody); }, 401, "inbox",
     "signature"},
    {"a body that is shorter than was announced",
     [](Receiver& to) { return to.send(head_of(5000, kBody) + kBody); }, 400, "inbox",
     "ended before"},
    {"30 MB",
     [](Receiver& to) {
       const std::string body = '"' + std::string(30'000'000, 'a') + '"';
       return to.post(kPath, body, body);
     },
     413, "inbox", "larger than"},
    {"garbage, well signed",
     [](Receiver& to) { return to.post(kPath, "\x01swordfish\xff{", "\x01swordfish\xff{"); }, 400,
     "inbox", "no JSON"},
    {"a path that nobody has", [](Receiver& to) { return to.post("/hooks/outbox", kBody, kBody); },
     404, "outbox", "no workflow"},
    {"a workflow that is held", [](Receiver& to) { return to.post("/hooks/held", kBody, kBody); },
     503, "held", "nobody-has-made-it"},
    {"an address that is not allowed, and of a large body only the header",
     [](Receiver& to) {
       return to.send(
           "POST /hooks/elsewhere HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.9\r\n"
           "Content-Length: 20000000\r\n\r\n");
     },
     403, "elsewhere", "allow_from"},
    {"a method that is not POST",
     [](Receiver& to) {
       return to.send(
           fmt::format("PUT {} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", kPath));
     },
     405, "inbox", "PUT"},
};

}  // namespace

TEST_CASE("rejections: what is no delivery is turned away, recorded without its body") {
  const auto& tried = GENERATE(from_range(kCases));
  INFO(tried.name);
  Receiver receiver;
  CHECK(tried.send(receiver) == tried.status);
  const auto rejection = receiver.only_rejection();
  CHECK(rejection["status"] == tried.status);
  CHECK(rejection["path"] == tried.path);
  CHECK_THAT(rejection["reason"].get<std::string>(), Catch::Contains(tried.reason));
  CHECK_FALSE(rejection["peer"].get<std::string>().empty());
  CHECK_FALSE(receiver.is_on_disk("swordfish"));

  // The daemon goes on, and the delivery id is not used up.
  CHECK(receiver.post(kPath, kBody, kBody) == 202);
  CHECK(receiver.daemon.list("/api/v1/deliveries").size() == 1);
  CHECK(receiver.daemon.stop() == 0);
}

TEST_CASE("rejections: a client that goes away in the middle of a body leaves a record") {
  Receiver receiver;
  {
    auto client = RawClient::tcp(static_cast<std::uint16_t>(receiver.daemon.port()));
    client.send(head_of(5000, kBody) + kBody);
  }
  REQUIRE(
      eventually([&] { return !receiver.daemon.get("/api/v1/rejections").at("items").empty(); }));
  CHECK(receiver.only_rejection()["status"] == 400);
  CHECK(receiver.post(kPath, kBody, kBody) == 202);
}

TEST_CASE("rejections: a proxy that is trusted passes on whom it was asked by") {
  DaemonProcess daemon;
  daemon.home().write("config.yaml",
                      "http: { listen: \"127.0.0.1:0\", trusted_proxies: [127.0.0.0/8] }\n");
  daemon.write_workflow("elsewhere", kElsewhere);
  daemon.start();
  httplib::Client client("127.0.0.1", daemon.port());
  const auto status = [&](const std::string& asked_by) {
    const auto answer =
        client.Post("/hooks/elsewhere", {{"X-Forwarded-For", asked_by}}, kBody, "application/json");
    return answer ? answer->status : 0;
  };
  CHECK(status("198.51.100.1, 203.0.113.9, 127.0.0.7") == 202);
  CHECK(status("203.0.113.9, 198.51.100.1") == 403);
  const auto rejections = daemon.get("/api/v1/rejections").at("items");
  REQUIRE(rejections.size() == 1);
  CHECK(rejections[0].at("peer") == "198.51.100.1");
}

}  // namespace tba::tests
