// Signs the requests that other programs signed, and checks that the signatures are the same.

#include <map>
#include <sstream>
#include <string>

#include <catch2/catch.hpp>

#include "daemon/connectors/signing/aws_sigv4.h"
#include "daemon/connectors/signing/oauth1.h"
#include "shared/time_format.h"
#include "shared/value/json.h"
#include "tests/oracle/oracle_output.h"
#include "tests/support/result.h"

namespace tba::tests {
namespace {

using net::HttpRequest;

std::string_view text(const Value* object, std::string_view key) {
  const auto* value = object ? object->find(key) : nullptr;
  return value ? value->as_string() : std::string_view();
}

HttpRequest request_of(const Value& sample) {
  HttpRequest request{.method = std::string(text(&sample, "method")),
                      .url = std::string(text(&sample, "url")),
                      .headers = {},
                      .body = std::string(text(&sample, "body"))};
  if (const auto* headers = sample.find("headers")) {
    for (const auto& header : headers->items())
      request.headers.emplace_back(header.items()[0].as_string(), header.items()[1].as_string());
  }
  return request;
}

/// "20150830T123600Z"
Instant time_of_aws(std::string_view time) {
  const auto part = [&](std::size_t at, std::size_t size) {
    return std::string(time.substr(at, size));
  };
  return parse_time(part(0, 4) + "-" + part(4, 2) + "-" + part(6, 2) + "T" + part(9, 2) + ":" +
                    part(11, 2) + ":" + part(13, 2) + "Z")
      .value();
}

std::string signed_by_aws(const Value& sample) {
  auto request = request_of(sample);
  const auto* keys = sample.find("keys");
  connectors::sign_aws_sigv4(
      request,
      {text(keys, "accessKeyId"), text(keys, "secretAccessKey"), text(keys, "sessionToken")},
      {text(&sample, "region"), text(&sample, "service")}, time_of_aws(text(&sample, "time")));
  return request.headers.back().second;
}

std::string signed_by_oauth1(const Value& sample) {
  auto request = request_of(sample);
  if (!request.body.empty())
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  const auto* keys = sample.find("keys");
  const auto* consumer = keys->find("consumer");
  const auto* token = keys->find("token");
  const auto signature = text(&sample, "signature") == "HMAC-SHA1"
                             ? AuthScheme::OAuth1Method::hmac_sha1
                             : AuthScheme::OAuth1Method::hmac_sha256;
  return connectors::oauth1_authorization(
      request,
      {text(consumer, "key"), text(consumer, "secret"), text(token, "key"), text(token, "secret")},
      signature, text(&sample, "nonce"), sample.find("timestamp")->as_integer());
}

}  // namespace

TEST_CASE("signing oracles: requests have the signatures that other programs give them") {
  std::istringstream lines(output_of("node '" TBA_SOURCE_DIR "/tests/oracle/signed_requests.mjs'"));
  std::map<std::string, int> count;
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    const auto sample = parse_json(line).value();
    const std::string by(text(&sample, "by"));
    const auto made = by == "aws" ? signed_by_aws(sample) : signed_by_oauth1(sample);
    CHECK(made == text(&sample, "authorization"));
    ++count[by];
  }
  INFO("packaging/test installs the packages (tests/node_modules)");
  CHECK(count["aws"] == 184);
  CHECK(count["oauth1"] == 72);
}

}  // namespace tba::tests
