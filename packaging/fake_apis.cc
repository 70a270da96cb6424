// The GitHub and the Discord of packaging/quickstart, on loopback: two endpoints, and the sender of
// a webhook delivery.
//
//   tba-fake-apis serve
//     Reads the GitHub token and the Discord bot's token from standard input, a line each; prints
//     the base URL of both APIs; serves until it is killed. Prints messages sent to Discord.
//   tba-fake-apis deliver URL PAYLOAD
//     Reads the webhook's secret from standard input; sends the file as GitHub would send an
//     `issues` event; prints the answer. Ends with 0 if that was 2xx.

#include <array>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <thread>

#include <httplib.h>
#include <nlohmann/json.hpp>
#include <sodium.h>

namespace {

using nlohmann::json;

// An API on the internet is not instant; and people want to see something happen.
constexpr std::chrono::milliseconds kAnswerTime{400};

void answer(httplib::Response& response, int status, const json& body) {
  std::this_thread::sleep_for(kAnswerTime);
  response.status = status;
  response.set_content(body.dump(), "application/json");
}

int serve() {
  std::string github_token;
  std::string discord_token;
  std::getline(std::cin, github_token);
  std::getline(std::cin, discord_token);

  httplib::Server server;
  server.Get(R"(/users/([\w-]+))",
             [&](const httplib::Request& request, httplib::Response& response) {
               if (request.get_header_value("Authorization") != "Bearer " + github_token) {
                 return answer(response, 401, {{"message", "Bad credentials"}});
               }
               answer(response, 200,
                      {{"login", request.matches[1].str()}, {"type", "User"}, {"followers", 4211}});
             });
  server.Post(R"(/channels/(\d+)/messages)", [&](const httplib::Request& request,
                                                 httplib::Response& response) {
    if (request.get_header_value("Authorization") != "Bot " + discord_token) {
      return answer(response, 401, {{"message", "401: Unauthorized"}, {"code", 0}});
    }
    const json message = json::parse(request.body, nullptr, false);
    const std::string content = message.is_object() ? message.value("content", "") : "";
    if (content.empty()) {
      return answer(response, 400, {{"message", "Cannot send an empty message"}, {"code", 50006}});
    }
    std::cout << content << std::endl;
    answer(response, 200,
           {{"id", "1308000000000000001"},
            {"channel_id", request.matches[1].str()},
            {"content", content}});
  });
  const int port = server.bind_to_any_port("127.0.0.1");
  if (port < 0) {
    std::cerr << "cannot listen on 127.0.0.1\n";
    return 1;
  }
  std::cout << "http://127.0.0.1:" << port << std::endl;
  return server.listen_after_bind() ? 0 : 1;
}

std::string hmac_sha256_hex(const std::string& key, const std::string& text) {
  const auto* key_bytes = reinterpret_cast<const unsigned char*>(key.data());
  const auto* text_bytes = reinterpret_cast<const unsigned char*>(text.data());
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, key_bytes, key.size());
  crypto_auth_hmacsha256_update(&state, text_bytes, text.size());
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> digest{};
  crypto_auth_hmacsha256_final(&state, digest.data());
  std::array<char, 2 * crypto_auth_hmacsha256_BYTES + 1> hex{};
  return sodium_bin2hex(hex.data(), hex.size(), digest.data(), digest.size());
}

std::string new_delivery_id() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/uuid") >> id;
  return id;
}

int deliver(const std::string& url, const std::string& payload_file) {
  std::string secret;
  std::getline(std::cin, secret);
  std::ifstream file(payload_file, std::ios::binary);
  const std::string payload{std::istreambuf_iterator<char>(file), {}};
  if (!file || payload.empty()) {
    std::cerr << "cannot read " << payload_file << '\n';
    return 1;
  }
  const std::size_t path = url.find('/', url.find("//") + 2);
  if (path == std::string::npos) {
    std::cerr << "the URL has no path: " << url << '\n';
    return 2;
  }
  httplib::Client client(url.substr(0, path));
  const auto result =
      client.Post(url.substr(path),
                  {{"Accept", "*/*"},
                   {"User-Agent", "GitHub-Hookshot/044aadd"},
                   {"X-GitHub-Delivery", new_delivery_id()},
                   {"X-GitHub-Event", "issues"},
                   {"X-GitHub-Hook-ID", "292430182"},
                   {"X-GitHub-Hook-Installation-Target-ID", "186853002"},
                   {"X-GitHub-Hook-Installation-Target-Type", "repository"},
                   {"X-Hub-Signature-256", "sha256=" + hmac_sha256_hex(secret, payload)}},
                  payload, "application/json");
  if (!result) {
    std::cerr << "cannot send to " << url << ": " << httplib::to_string(result.error()) << '\n';
    return 1;
  }
  std::cout << result->body << '\n';
  const bool is_taken = result->status >= 200 && result->status < 300;
  if (!is_taken) std::cerr << "the webhook was answered with " << result->status << '\n';
  return is_taken ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() == 1 && arguments[0] == "serve") return serve();
  if (arguments.size() == 3 && arguments[0] == "deliver")
    return deliver(arguments[1], arguments[2]);
  std::cerr << "usage: tba-fake-apis serve | tba-fake-apis deliver URL PAYLOAD\n";
  return 2;
}
