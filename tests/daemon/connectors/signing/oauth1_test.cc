#include "daemon/connectors/signing/oauth1.h"

#include <catch2/catch.hpp>

#include "daemon/connectors/hmac.h"
#include "daemon/vault/base64.h"

using tba::connectors::oauth1_authorization;
using tba::connectors::oauth1_base_string;
using tba::connectors::OAuth1Keys;
using OAuth1Method = tba::AuthScheme::OAuth1Method;
using tba::net::HttpRequest;

namespace {

const std::pair<std::string, std::string> kForm{"Content-Type",
                                                "application/x-www-form-urlencoded"};

// docs.x.com, "Creating a signature".
constexpr OAuth1Keys kKeysOfX{.consumer_key = "xvz1evFS4wEEPTGEFPHBog",
                              .consumer_secret = "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
                              .token = "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
                              .token_secret = "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"};
constexpr auto kNonceOfX = "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg";
constexpr std::int64_t kTimeOfX = 1'318'622'958;

HttpRequest status_update(std::string url) {
  return {.method = "POST",
          .url = std::move(url),
          .headers = {kForm},
          .body = "status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21"};
}

}  // namespace

TEST_CASE("oauth1: the text that is signed is that of RFC 5849's example") {
  const HttpRequest request{
      .method = "post",
      .url = "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b",
      .headers = {{"content-type", "Application/X-WWW-Form-Urlencoded; charset=utf-8"}},
      .body = "c2&a3=2+q"};
  CHECK(oauth1_base_string(request, {{"oauth_consumer_key", "9djdj82h48djs9d2"},
                                     {"oauth_token", "kkk9d7dh3k39sjv7"},
                                     {"oauth_signature_method", "HMAC-SHA1"},
                                     {"oauth_timestamp", "137131201"},
                                     {"oauth_nonce", "7d8f3e4a"}}) ==
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D"
        "%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3"
        "e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkk"
        "k9d7dh3k39sjv7");
}

TEST_CASE("oauth1: the signature is that of RFC 5849's photos") {
  const HttpRequest request{.url =
                                "http://photos.example.net/photos?file=vacation.jpg&size=original"};
  const auto text = oauth1_base_string(request, {{"oauth_consumer_key", "dpf43f3p2l4k3l03"},
                                                 {"oauth_token", "nnch734d00sl2jdk"},
                                                 {"oauth_signature_method", "HMAC-SHA1"},
                                                 {"oauth_timestamp", "137131202"},
                                                 {"oauth_nonce", "chapoH"}});
  CHECK(tba::vault::base64(tba::connectors::hmac(tba::connectors::Hash::sha1,
                                                 "kd94hf93k423kf44&pfkkdhi9sl3r4s00", text)) ==
        "MdpQcU8iPSUjWoN/UDMsK2sui9I=");
}

TEST_CASE("oauth1: the header is that of X's example") {
  const auto header = oauth1_authorization(
      status_update("https://api.twitter.com/1.1/statuses/update.json?include_entities=true"),
      kKeysOfX, OAuth1Method::hmac_sha1, kNonceOfX, kTimeOfX);
  CHECK(header ==
        "OAuth oauth_consumer_key=\"xvz1evFS4wEEPTGEFPHBog\", "
        "oauth_nonce=\"kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg\", "
        "oauth_signature=\"hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D\", "
        "oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"1318622958\", "
        "oauth_token=\"370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb\", "
        "oauth_version=\"1.0\"");
}

TEST_CASE("oauth1: only a form's body is signed") {
  const auto sign = [](const HttpRequest& request) {
    return oauth1_authorization(request, kKeysOfX, OAuth1Method::hmac_sha256, "n", 1);
  };
  HttpRequest one{.method = "POST", .url = "https://a.example/", .headers = {}, .body = "a=1"};
  HttpRequest other = one;
  other.body = "a=2";
  CHECK(sign(one) == sign(other));
  one.headers = other.headers = {{"Content-Type", "multipart/form-data; boundary=a"}};
  CHECK(sign(one) == sign(other));
  one.headers = other.headers = {kForm};
  CHECK(sign(one) != sign(other));
}

TEST_CASE("oauth1: a client without a token speaks for itself") {
  const auto header = oauth1_authorization({.url = "https://a.example/"},
                                           {.consumer_key = "key", .consumer_secret = "secret"},
                                           OAuth1Method::hmac_sha256, "n", 1);
  CHECK_THAT(header, Catch::Contains("oauth_signature_method=\"HMAC-SHA256\""));
  CHECK_THAT(header, !Catch::Contains("oauth_token"));
}
