#include "daemon/connectors/webhook_verifier.h"

#include <vector>

#include <catch2/catch.hpp>
#include <sodium.h>

#include "daemon/connectors/hmac.h"
#include "daemon/vault/base64.h"
#include "tests/daemon/connectors/webhook_support.h"
#include "tests/support/result.h"

using namespace tba::connectors;
using namespace std::chrono_literals;
using tba::ErrorCode;
using tba::Instant;
using tba::WebhookVerification;
using tba::tests::built_in;
using tba::tests::HeaderList;
using tba::tests::webhook_secret;
using tba::vault::base64;

namespace {

const Instant kNow{std::chrono::seconds(1'700'000'000)};

std::string hex(std::string_view bytes) {
  std::string text;
  for (const unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 0xf];
  }
  return text;
}

// The example of GitHub's documentation, "Validating webhook deliveries".
const std::string kSecret = "It's a Secret to Everybody";
constexpr std::string_view kBody = "Hello, World!";
constexpr std::string_view kSignature =
    "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

HeaderList signed_with(std::string_view value) {
  return {{"Content-Type", "application/json"}, {"x-hub-signature-256", std::string(value)}};
}

std::string verdict(const WebhookVerification& verification, const HeaderList& headers,
                    std::string_view body, const std::string& secret, Instant now = kNow) {
  const auto credential = webhook_secret("a", "webhook", secret);
  const auto verified = verify_webhook(verification, headers, body, credential, now);
  if (verified) return "accepted";
  CHECK(verified.error().code == ErrorCode::denied);
  CHECK(verified.error().message.find(secret) == std::string::npos);
  return verified.error().message;
}

std::string refusal(const HeaderList& headers, std::string_view body = kBody,
                    const std::string& secret = kSecret) {
  const auto message = verdict(built_in("github", "webhook"), headers, body, secret);
  CHECK(message.find(kSignature) == std::string::npos);
  return message;
}

/// What is wrong with a credential for the connector's webhooks.
std::string misfit(const std::string& connector, const tba::vault::Credential& credential) {
  const auto fits = check_for_webhooks(credential, *tba::built_in_connectors().find(connector));
  return fits ? "" : fits.error().message;
}

// The example of the reference library for Standard Webhooks.
const std::string kStandardSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
constexpr std::string_view kStandardBody = R"({"test": 2432232314})";
const std::string kStandardSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const Instant kStandardTime{std::chrono::seconds(1614265330)};

HeaderList standard(const std::string& signatures, const std::string& time = "1614265330") {
  return {{"webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"},
          {"webhook-timestamp", time},
          {"webhook-signature", signatures}};
}

std::string standard_verdict(const HeaderList& headers, Instant now = kStandardTime) {
  return verdict(built_in("standard-webhooks", "webhook"), headers, kStandardBody, kStandardSecret,
                 now);
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
  const auto headers = signed_with("sha256=" + hex(hmac(Hash::sha256, "key", body)));
  CHECK(refusal(headers, body, "key") == "accepted");
  CHECK(refusal(headers, body.substr(0, body.size() - 2), "key") != "accepted");
}

TEST_CASE("webhook: Slack's example is accepted, five minutes before and after its time") {
  const std::string body =
      "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id="
      "G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-"
      "collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F"
      "397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121."
      "803a0bc887a14d10d2c447fce8b6703c";
  const HeaderList headers = {
      {"X-Slack-Request-Timestamp", "1531420618"},
      {"X-Slack-Signature", "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"}};
  const auto at = [&](std::chrono::seconds later) {
    return verdict(built_in("slack", "webhook"), headers, body, "8f742231b10e8888abcd99yyyzzz85a5",
                   Instant(1531420618s + later));
  };
  CHECK(at(0s) == "accepted");
  CHECK(at(300s) == "accepted");
  CHECK(at(-300s) == "accepted");
  CHECK(at(432s) == "the timestamp in X-Slack-Request-Timestamp is 7m12s old, more than 5m");
  CHECK(at(-301s) ==
        "the timestamp in X-Slack-Request-Timestamp is 5m1s ahead of now, more than 5m");
}

TEST_CASE("webhook: Stripe's time stands beside its signature, and is held to on both sides") {
  const std::string body = R"({"id":"evt_1"})";
  const auto signature = hex(hmac(Hash::sha256, "whsec_x", "1531420618." + body));
  const HeaderList headers = {{"Stripe-Signature", "t=1531420618,v1=" + signature}};
  const auto at = [&](std::chrono::seconds later) {
    return verdict(built_in("stripe", "webhook"), headers, body, "whsec_x",
                   Instant(1531420618s + later));
  };
  CHECK(at(300s) == "accepted");
  CHECK(at(-300s) == "accepted");
  CHECK(at(301s) == "the timestamp in Stripe-Signature is 5m1s old, more than 5m");
  CHECK(at(-301s) == "the timestamp in Stripe-Signature is 5m1s ahead of now, more than 5m");
}

TEST_CASE("webhook: of several signatures any that is right will do") {
  const std::string other = "v1," + base64(std::string(32, 'x'));
  CHECK(standard_verdict(standard(kStandardSignature)) == "accepted");
  CHECK(standard_verdict(standard(other + " " + kStandardSignature)) == "accepted");
  CHECK(standard_verdict(standard(kStandardSignature + " " + other)) == "accepted");
  CHECK(standard_verdict(standard("v1a,AAAA v1,short " + kStandardSignature)) == "accepted");
  CHECK(standard_verdict(standard(other)) ==
        "the signature in webhook-signature does not match: it was made with another secret or for "
        "another body");
  CHECK(standard_verdict(standard("v1,short")) ==
        "the header webhook-signature does not hold 32 bytes in base64");
  CHECK(standard_verdict(standard("v2,a v1a,b")) ==
        "the header webhook-signature holds nothing that begins with 'v1,'");
  CHECK(standard_verdict(standard("")) ==
        "the header webhook-signature holds nothing that begins with 'v1,'");
  std::string many = kStandardSignature;
  for (int i = 0; i < 9; ++i) many += " " + other;
  CHECK(standard_verdict(standard(many)) == "accepted");
  CHECK(standard_verdict(standard(many + " " + other)) ==
        "the header webhook-signature holds more than 10 signatures");
}

TEST_CASE("webhook: what is signed beside the body must be there and be right") {
  for (std::size_t missing = 0; missing < 3; ++missing) {
    auto headers = standard(kStandardSignature);
    const auto name = headers[missing].first;
    headers.erase(headers.begin() + static_cast<std::ptrdiff_t>(missing));
    CHECK(standard_verdict(headers) == "the header " + name + " is missing");
  }
  CHECK(standard_verdict(standard(kStandardSignature, "1614265331")) ==
        "the signature in webhook-signature does not match: it was made with another secret or for "
        "another body");
  for (const auto* time : {"", "x", "-1", "1614265330.5", "99999999999999999999", "253402300800"})
    CHECK(standard_verdict(standard(kStandardSignature, time)) ==
          "the header webhook-timestamp does not hold a time");
  CHECK(standard_verdict(standard(kStandardSignature), Instant(1614265630s)) == "accepted");
  CHECK(standard_verdict(standard(kStandardSignature), Instant(1614265630s + 1ms)) != "accepted");
}

TEST_CASE("webhook: Twitch's times have nine decimals, and ten minutes") {
  const std::string time = "2023-11-14T22:13:20.123456789Z";
  const HeaderList headers = {
      {"Twitch-Eventsub-Message-Id", "m-1"},
      {"Twitch-Eventsub-Message-Timestamp", time},
      {"Twitch-Eventsub-Message-Signature",
       "sha256=" + hex(hmac(Hash::sha256, "0123456789", "m-1" + time + "{}"))}};
  const auto verification = built_in("twitch", "webhook");
  CHECK(verdict(verification, headers, "{}", "0123456789", kNow + 10min) == "accepted");
  CHECK(verdict(verification, headers, "{}", "0123456789", kNow + 11min) ==
        "the timestamp in Twitch-Eventsub-Message-Timestamp is 10m59s old, more than 10m");
  auto other = headers;
  other[1].second = "yesterday";
  CHECK(verdict(verification, other, "{}", "0123456789") ==
        "the header Twitch-Eventsub-Message-Timestamp does not hold a time");
}

TEST_CASE("webhook: an Ed25519 signature is of the time and the body") {
  std::string public_key(crypto_sign_PUBLICKEYBYTES, '\0');
  std::string key(crypto_sign_SECRETKEYBYTES, '\0');
  std::string signature(crypto_sign_BYTES, '\0');
  const auto bytes = [](std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
  };
  crypto_sign_keypair(bytes(public_key), bytes(key));
  std::string text = R"(1700000000{"type":1})";
  crypto_sign_detached(bytes(signature), nullptr, bytes(text), text.size(), bytes(key));
  const HeaderList headers = {{"X-Signature-Timestamp", "1700000000"},
                              {"X-Signature-Ed25519", hex(signature)}};
  const auto verification = built_in("discord", "application");
  CHECK(verdict(verification, headers, R"({"type":1})", hex(public_key)) == "accepted");
  CHECK(verdict(verification, headers, R"({"type":2})", hex(public_key)) != "accepted");
  CHECK(verdict(verification, {headers[0], {"X-Signature-Ed25519", "00"}}, R"({"type":1})",
                hex(public_key)) ==
        "the header X-Signature-Ed25519 does not hold 128 hexadecimal digits");
  CHECK(misfit("discord", webhook_secret("discord", "application", hex(public_key))) == "");
  CHECK(misfit("discord", webhook_secret("discord", "application", "abcd")) ==
        "credential 'hook' cannot check webhooks: its secret is not a public key of 64 hexadecimal "
        "digits");
}

TEST_CASE("webhook: Standard Webhooks may be signed with Ed25519") {
  std::string public_key(crypto_sign_PUBLICKEYBYTES, '\0');
  std::string key(crypto_sign_SECRETKEYBYTES, '\0');
  std::string signature(crypto_sign_BYTES, '\0');
  const auto bytes = [](std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
  };
  crypto_sign_keypair(bytes(public_key), bytes(key));
  auto text = "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330." + std::string(kStandardBody);
  crypto_sign_detached(bytes(signature), nullptr, bytes(text), text.size(), bytes(key));
  const auto with = [&](const std::string& signatures) {
    return verdict(built_in("standard-webhooks", "webhook-public-key"), standard(signatures),
                   kStandardBody, "whpk_" + base64(public_key), kStandardTime);
  };
  CHECK(with("v1a," + base64(signature)) == "accepted");
  CHECK(with(kStandardSignature + " v1a," + base64(signature)) == "accepted");
  CHECK(with("v1," + base64(signature)) ==
        "the header webhook-signature holds nothing that begins with 'v1a,'");
  signature.back() ^= 1;
  CHECK(with("v1a," + base64(signature)) ==
        "the signature in webhook-signature does not match: it was made with another secret or for "
        "another body");
}

TEST_CASE("webhook: a token is the secret itself") {
  const auto verification = built_in("telegram", "webhook");
  const auto with = [&](const std::string& token) {
    return verdict(verification, {{"X-Telegram-Bot-Api-Secret-Token", token}}, "{}",
                   "s3cret-token");
  };
  CHECK(with("s3cret-token") == "accepted");
  for (const auto* other : {"", "s3cret", "s3cret-tokeN", "s3cret-token "})
    CHECK(with(other) == "the token in X-Telegram-Bot-Api-Secret-Token is another");
  CHECK(verdict(verification, {}, "{}", "s3cret-token") ==
        "the header X-Telegram-Bot-Api-Secret-Token is missing");
}

TEST_CASE("webhook: a user and a password are a proof too") {
  WebhookVerification verification;
  verification.scheme = WebhookVerification::Scheme::basic;
  verification.header = "Authorization";
  tba::vault::Credential login;
  login.type = tba::AuthScheme::Type::basic;
  login.fields.emplace("username", tba::vault::Secret("ada"));
  login.fields.emplace("password", tba::vault::Secret("l0ve:lace"));
  const auto with = [&](const std::string& value) {
    const HeaderList headers = {{"authorization", value}};
    const auto verified = verify_webhook(verification, headers, "", login, kNow);
    return verified ? "accepted" : verified.error().message;
  };
  CHECK(with("Basic " + base64("ada:l0ve:lace")) == "accepted");
  CHECK(with("basic " + base64("ada:l0ve:lace")) == "accepted");
  CHECK(with("Basic " + base64("ada:l0ve")) == "the user or the password is another");
  for (const auto* other : {"", "Basic", "Basic !", "Bearer YTpi"})
    CHECK(with(other) == "the header Authorization does not hold a user and a password");
}

TEST_CASE("webhook: a credential must be of the connector, the type and the form") {
  CHECK(misfit("github", webhook_secret("github", "webhook", "s")) == "");
  CHECK(misfit("github", webhook_secret("gitlab", "webhook", "s")) ==
        "credential 'hook' belongs to connector 'gitlab', not 'github'");
  auto bearer = webhook_secret("github", "token", "s");
  bearer.type = tba::AuthScheme::Type::bearer;
  CHECK(misfit("github", bearer) ==
        "credential 'hook' cannot check webhooks: it is of type bearer, not webhook_secret");
  CHECK(misfit("gitlab", webhook_secret("gitlab", "other", "s")) ==
        "credential 'hook' cannot check webhooks: nothing in connector 'gitlab' is verified by "
        "'other'");
  CHECK(misfit("openai", webhook_secret("openai", "webhook", kStandardSecret)) == "");
  CHECK(misfit("openai", webhook_secret("openai", "webhook", kStandardSecret.substr(6))) == "");
  for (const auto* secret : {"whsec_", "whsec_ä", "no base64!"})
    CHECK(misfit("openai", webhook_secret("openai", "webhook", secret)) ==
          "credential 'hook' cannot check webhooks: its secret is not a key in base64");
}

TEST_CASE("webhook: a challenge is signed only if it can be no delivery") {
  const auto secret =
      webhook_secret("x", "webhook", "z3ZX4v7mAAUGykl3EcmkqbartmuW8VFOOzCloLx9Q45P0hLrFu");
  const auto verification = built_in("x", "webhook");
  CHECK(sign_challenge(verification, "9b4507b3-9040-4669-9ca3-6b94edb50553", secret).value() ==
        "Cytd4Sq+NvEcV3MMrXxWJGJx5A+y/lXzzU2Maartkx8=");
  CHECK(sign_challenge(verification, std::string(128, 'a'), secret));
  for (const auto& text : {std::string(), std::string(129, 'a'), std::string(R"({"a":1})"),
                           std::string("a b"), std::string("a\n")}) {
    const auto made = sign_challenge(verification, text, secret);
    REQUIRE_FALSE(made);
    CHECK(made.error().code == ErrorCode::denied);
    CHECK(made.error().message == "what is asked to be signed is no challenge");
  }
  auto in_hex = built_in("github", "webhook");
  CHECK(sign_challenge(in_hex, "abc", webhook_secret("a", "b", "key")).value() ==
        hex(hmac(Hash::sha256, "key", "abc")));
}

TEST_CASE("hmac: the test cases of RFC 4231 and RFC 2202") {
  CHECK(hex(hmac(Hash::sha256, std::string(20, '\x0b'), "Hi There")) ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hex(hmac(Hash::sha256, "Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hex(hmac(Hash::sha512, "Jefe", "what do ya want for nothing?")) ==
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8"
        "f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
  CHECK(hex(hmac(Hash::sha1, "Jefe", "what do ya want for nothing?")) ==
        "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  CHECK(hex(hmac(Hash::sha256, std::string(131, '\xaa'),
                 "Test Using Larger Than Block-Size Key - Hash Key First")) ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("hmac: an empty message and an empty key have a code") {
  CHECK(hex(hmac(Hash::sha256, "", "")) ==
        "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  const auto bytes = hmac_sha256("", "");
  CHECK(hex({reinterpret_cast<const char*>(bytes.data()), bytes.size()}) ==
        hex(hmac(Hash::sha256, "", "")));
}
