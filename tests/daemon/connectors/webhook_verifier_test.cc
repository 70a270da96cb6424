#include "daemon/connectors/webhook_verifier.h"

#include <vector>

#include <catch2/catch.hpp>

#include "daemon/connectors/hmac.h"
#include "shared/value/json.h"
#include "tests/support/result.h"

using namespace tba::connectors;
using tba::ErrorCode;
using tba::Value;
using tba::WebhookScheme;

namespace {

using HeaderList = std::vector<std::pair<std::string, std::string>>;

WebhookScheme github() {
  WebhookScheme scheme;
  scheme.signature_header = "X-Hub-Signature-256";
  scheme.signature_prefix = "sha256=";
  scheme.event_header = "X-GitHub-Event";
  scheme.action_key = "action";
  scheme.delivery_id_header = "X-GitHub-Delivery";
  return scheme;
}

// The example of GitHub's documentation, "Validating webhook deliveries".
constexpr std::string_view kSecret = "It's a Secret to Everybody";
constexpr std::string_view kBody = "Hello, World!";
constexpr std::string_view kSignature =
    "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

HeaderList signed_with(std::string_view value) {
  return {{"Content-Type", "application/json"}, {"x-hub-signature-256", std::string(value)}};
}

std::string refusal(const HeaderList& headers, std::string_view body = kBody,
                    std::string_view secret = kSecret) {
  const auto verified = verify_webhook(github(), headers, body, secret);
  if (verified) return "accepted";
  CHECK(verified.error().code == ErrorCode::denied);
  CHECK(verified.error().message.find(kSecret) == std::string::npos);
  CHECK(verified.error().message.find(kSignature) == std::string::npos);
  return verified.error().message;
}

std::string hex(const std::array<std::byte, 32>& bytes) {
  std::string text;
  for (const auto byte : bytes) {
    text += "0123456789abcdef"[std::to_integer<std::size_t>(byte) >> 4];
    text += "0123456789abcdef"[std::to_integer<std::size_t>(byte) & 0xf];
  }
  return text;
}

}  // namespace

TEST_CASE("webhook: GitHub's example is accepted") {
  CHECK(refusal(signed_with("sha256=" + std::string(kSignature))) == "accepted");
}

TEST_CASE("webhook: digits may be upper case, the prefix may not") {
  CHECK(refusal(signed_with(
            "sha256=757107EA0EB2509FC211221CCE984B8A37570B6D7586C22C46F4379C8B043E17")) ==
        "accepted");
  CHECK(refusal(signed_with("SHA256=" + std::string(kSignature))) ==
        "the header X-Hub-Signature-256 does not begin with 'sha256='");
}

TEST_CASE("webhook: each way in which a signature is wrong has a text of its own") {
  const auto right = "sha256=" + std::string(kSignature);
  CHECK(refusal({}) == "the header X-Hub-Signature-256 is missing");
  CHECK(refusal({{"X-Hub-Signature-256", right}, {"x-hub-signature-256", right}}) ==
        "the header X-Hub-Signature-256 is there more than once");
  CHECK(refusal(signed_with("")) == "the header X-Hub-Signature-256 does not begin with 'sha256='");
  CHECK(refusal(signed_with(kSignature)) ==
        "the header X-Hub-Signature-256 does not begin with 'sha256='");

  const std::string digits = "the header X-Hub-Signature-256 does not hold 64 hexadecimal digits";
  CHECK(refusal(signed_with("sha256=")) == digits);
  CHECK(refusal(signed_with(right.substr(0, right.size() - 1))) == digits);
  CHECK(refusal(signed_with(right.substr(0, right.size() - 2))) == digits);
  CHECK(refusal(signed_with(right + "00")) == digits);
  CHECK(refusal(signed_with(right.substr(0, right.size() - 1) + "g")) == digits);
  CHECK(refusal(signed_with("sha256= " + std::string(kSignature.substr(1)))) == digits);
}

TEST_CASE("webhook: another secret, body or signature does not match") {
  const auto headers = signed_with("sha256=" + std::string(kSignature));
  const std::string mismatch =
      "the signature in X-Hub-Signature-256 does not match: it was made with another secret or for "
      "another body";
  CHECK(refusal(headers, kBody, "It's a secret to Everybody") == mismatch);
  CHECK(refusal(headers, "Hello, World! ") == mismatch);
  CHECK(refusal(headers, "Hello, World") == mismatch);
  CHECK(refusal(headers, "") == mismatch);
  for (std::size_t i = 0; i < kSignature.size(); ++i) {
    auto changed = std::string(kSignature);
    changed[i] = changed[i] == '0' ? '1' : '0';
    CHECK(refusal(signed_with("sha256=" + changed)) == mismatch);
  }
}

TEST_CASE("webhook: the body is taken as bytes") {
  using namespace std::string_view_literals;
  const auto body = "{\"a\":\"\0\xff\"}\r\n"sv;
  const auto headers = signed_with("sha256=" + hex(hmac_sha256("key", body)));
  CHECK(refusal(headers, body, "key") == "accepted");
  CHECK(refusal(headers, body.substr(0, body.size() - 2), "key") != "accepted");
}

TEST_CASE("hmac: the test cases of RFC 4231") {
  CHECK(hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hex(hmac_sha256(std::string(131, '\xaa'),
                        "Test Using Larger Than Block-Size Key - Hash Key First")) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("hmac: an empty message and an empty key have a code") {
  CHECK(hex(hmac_sha256("", "")) ==
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST_CASE("webhook: the event is the header and, behind a dot, the action") {
  const auto event = [](const std::string& header, std::string_view body) {
    return webhook_event(github(), HeaderList{{"x-github-event", header}},
                         tba::parse_json(body).value())
        .value();
  };
  CHECK(event("issues", R"({"action":"opened"})") == "issues.opened");
  CHECK(event("push", R"({"ref":"main"})") == "push");
  CHECK(event("push", R"({"action":""})") == "push");
  CHECK(event("push", R"({"action":7})") == "push");
  CHECK(event("push", R"([1])") == "push");
}

TEST_CASE("webhook: the event's header must be there where the scheme names one") {
  for (const auto& headers : {HeaderList{}, HeaderList{{"X-GitHub-Event", ""}}}) {
    const auto event = webhook_event(github(), headers, Value());
    REQUIRE_FALSE(event);
    CHECK(event.error().code == ErrorCode::invalid);
    CHECK(event.error().message == "the header X-GitHub-Event is missing");
  }
  auto scheme = github();
  scheme.event_header.clear();
  CHECK(webhook_event(scheme, {}, tba::parse_json(R"({"action":"opened"})").value()).value() == "");
  scheme = github();
  scheme.action_key.clear();
  CHECK(webhook_event(scheme, HeaderList{{"X-GitHub-Event", "issues"}},
                      tba::parse_json(R"({"action":"opened"})").value())
            .value() == "issues");
}

TEST_CASE("webhook: the event's name is bounded, its action included") {
  const auto event = [](std::size_t header, std::size_t action) {
    return webhook_event(
        github(), HeaderList{{"X-GitHub-Event", std::string(header, 'e')}},
        tba::parse_json(R"({"action":")" + std::string(action, 'a') + R"("})").value());
  };
  CHECK(event(200, 0));
  CHECK(event(100, 99));
  for (const auto& [header, action] : {std::pair(201, 0), std::pair(100, 100)}) {
    const auto refused = event(header, action);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message == "the event's name is longer than 200 bytes");
  }
}

TEST_CASE("webhook: the delivery id is the sender's, or empty") {
  CHECK(delivery_id(github(), HeaderList{{"x-github-delivery", "72d3162e"}}) == "72d3162e");
  CHECK(delivery_id(github(), {}) == "");
  CHECK(delivery_id(WebhookScheme{}, HeaderList{{"", "x"}}) == "");
}

TEST_CASE("webhook: kept headers are lower case, joined, and prove nothing") {
  const HeaderList headers = {{"Host", "127.0.0.1"},
                              {"X-GitHub-Event", "issues"},
                              {"Authorization", "Basic YTpi"},
                              {"Proxy-Authorization", "Basic YTpi"},
                              {"Cookie", "session=1"},
                              {"X-Hub-Signature", "sha1=00"},
                              {"X-Hub-Signature-256", "sha256=00"},
                              {"X-Gitlab-Token", "t"},
                              {"X-Telegram-Bot-Api-Secret-Token", "t"},
                              {"X-Api-Key", "k"},
                              {"apikey", "k"},
                              {"Via", "1.1 a"},
                              {"via", "1.1 b"},
                              {"X-Text", "caf\xe9 \"q\""},
                              {"X-Proof", "p"}};
  CHECK(kept_headers_json(nullptr, headers) ==
        R"({"host":"127.0.0.1","x-github-event":"issues","via":"1.1 a, 1.1 b",)"
        "\"x-text\":\"caf\xef\xbf\xbd \\\"q\\\"\",\"x-proof\":\"p\"}");
  auto scheme = github();
  scheme.signature_header = "X-Proof";
  CHECK(kept_headers_json(&scheme, headers).find("proof") == std::string::npos);
  CHECK(kept_headers_json(nullptr, {}) == "{}");
}
