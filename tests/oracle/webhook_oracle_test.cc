// Takes the deliveries that the senders' own packages made, and checks that ours finds right what
// they find right, and nothing else.

#include <map>
#include <sstream>
#include <string>

#include <catch2/catch.hpp>

#include "daemon/connectors/webhook_verifier.h"
#include "shared/value/json.h"
#include "tests/daemon/connectors/webhook_support.h"
#include "tests/oracle/oracle_output.h"
#include "tests/support/result.h"

namespace tba::tests {
namespace {

std::string text_of(const Value& sample, std::string_view key) {
  return std::string(sample.find(key)->as_string());
}

}  // namespace

TEST_CASE("webhook oracles: what a sender's own package takes is taken, and nothing else") {
  std::istringstream lines(output_of("node '" TBA_SOURCE_DIR "/tests/oracle/signed_webhooks.mjs'"));
  std::map<std::string, int> right;
  std::map<std::string, int> wrong;
  for (std::string line; std::getline(lines, line);) {
    const auto sample = parse_json(line).value();
    const auto connector = text_of(sample, "connector");
    const auto scheme = text_of(sample, "scheme");
    HeaderList headers;
    for (const auto& [name, value] : sample.find("headers")->members())
      headers.emplace_back(name, value.as_string());
    const auto credential = webhook_secret(connector, scheme, text_of(sample, "secret"));
    REQUIRE(connectors::check_for_webhooks(credential, *built_in_connectors().find(connector)));
    const Instant now{std::chrono::seconds(sample.find("now")->as_integer())};

    INFO(connector << ", changed: " << text_of(sample, "change"));
    const auto verified = connectors::verify_webhook(built_in(connector, scheme), headers,
                                                     text_of(sample, "body"), credential, now);
    const bool is_right = sample.find("right")->as_boolean();
    CHECK(verified.has_value() == is_right);
    ++(is_right ? right : wrong)[connector];
  }
  for (const auto* connector :
       {"github", "gitlab", "stripe", "slack", "discord", "standard-webhooks", "openai"}) {
    INFO(connector << ": packaging/test installs the packages (tests/node_modules)");
    CHECK(right[connector] > 0);
    CHECK(wrong[connector] > 4);
  }
}

}  // namespace tba::tests
