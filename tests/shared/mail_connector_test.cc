#include "shared/mail_connector.h"

#include <algorithm>
#include <string>

#include <catch2/catch.hpp>

#include "shared/cassette.h"
#include "shared/connector_catalog.h"
#include "shared/connector_reader.h"
#include "shared/file_check.h"

using Catch::Contains;
using tba::AuthScheme;
using tba::Connector;
using tba::Diagnostics;
using tba::Effect;
using tba::MailAction;

namespace {

constexpr const char* kOffice = R"(connector: office
protocol: smtp
title: The office's mail
base_url: smtps://mail.example.com/
auth: { login: { type: basic }, anybody: { type: none } }
retry: { on: [network] }
rate_limits: { day: { requests: 500, per: 1d, by: [credential] } }
test: ready
endpoints:
  tell:
    title: Tell the team
    mail: send
    parameters:
      to: { default: team@example.com }
      subject: { type: string, required: true }
    retry: { attempts: 5 }
  remind: { mail: send, effect: repeat }
  ready: { mail: check }
)";

Connector read(std::string text) {
  Diagnostics diagnostics;
  auto connector = tba::read_connector("office.yaml", std::move(text), diagnostics);
  INFO(diagnostics.render());
  REQUIRE(connector);
  return *std::move(connector);
}

std::string problems(const std::string& rest) {
  Diagnostics diagnostics;
  CHECK_FALSE(tba::read_connector("m.yaml", "connector: m\nprotocol: smtp\n" + rest, diagnostics));
  return diagnostics.render();
}

std::vector<std::string> names_of(const std::vector<tba::CredentialField>& fields) {
  std::vector<std::string> names;
  for (const auto& field : fields) names.push_back(field.name + (field.is_required ? "" : "?"));
  return names;
}

}  // namespace

TEST_CASE("mail connector: it has a mail server, and endpoints without requests") {
  const auto office = read(kOffice);
  CHECK(office.sends_mail);
  CHECK(office.base_url == "smtps://mail.example.com");
  CHECK(office.test == "ready");
  CHECK(office.retry->on_network);
  CHECK(office.rate_limits.front().requests == 500);
  const auto& tell = *office.endpoint("tell");
  CHECK(tell.mail == MailAction::send);
  CHECK(tell.method.empty());
  CHECK(tell.effect == Effect::once);
  CHECK(tell.retry->attempts == 5);
  CHECK(tell.parameters.front().default_value->as_string() == "team@example.com");
  CHECK(office.endpoint("remind")->effect == Effect::repeat);
  CHECK(office.endpoint("ready")->mail == MailAction::check);
  CHECK(office.endpoint("ready")->effect == Effect::repeat);
}

TEST_CASE("mail connector: a credential may say who the sender is") {
  const auto email = tba::built_in_connectors().find("email");
  REQUIRE(email);
  CHECK(email->sends_mail);
  CHECK(email->base_url.empty());
  CHECK(names_of(fields_of(*email->scheme("login"))) ==
        std::vector<std::string>{"username", "password", "from?"});
  CHECK(names_of(fields_of(*email->scheme("relay"))) == std::vector<std::string>{"from?"});
  const auto microsoft = names_of(fields_of(*email->scheme("microsoft")));
  for (const auto* field : {"client_id", "tenant", "username", "from?"}) {
    CAPTURE(field);
    CHECK(std::ranges::count(microsoft, field) == 1);
  }
}

TEST_CASE("mail connector: that of the program takes every part of a message") {
  const auto email = tba::built_in_connectors().find("email");
  const auto& send = *email->endpoint("send");
  CHECK(send.parameters.size() == tba::kMailParameters.size());
  for (const auto name : tba::kMailParameters) {
    CAPTURE(name);
    CHECK(std::ranges::count(send.parameters, name, &tba::Parameter::name) == 1);
  }
}

TEST_CASE("mail connector: its problems have places") {
  CHECK_THAT(problems("endpoints: { a: { title: A } }\n"),
             Contains("m.yaml:3:17: error: an endpoint needs the key 'mail'"));
  CHECK_THAT(problems("endpoints: { a: { mail: receive } }\n"), Contains("send, check"));
  CHECK_THAT(problems("endpoints: { a: { mail: send, method: GET } }\n"),
             Contains("an endpoint has no key 'method'"));
  CHECK_THAT(problems("endpoints: { a: { mail: send, parameters: { too: {} } } }\n"),
             Contains("'too' is no part of a message (did you mean 'to'?)"));
  CHECK_THAT(problems("endpoints: { a: { mail: check, parameters: { to: {} } } }\n"),
             Contains("an endpoint with `mail: check` takes no parameters"));
  CHECK_THAT(problems("endpoints: { a: { mail: send, effect: keyed } }\n"), Contains("'effect'"));
  CHECK_THAT(problems("auth: { key: { type: bearer } }\nendpoints: {}\n"),
             Contains("m.yaml:3:22: error: a mail server knows nothing of the type bearer"));
  CHECK_THAT(problems("auth: { a: { type: none, headers: { X: y } } }\nendpoints: {}\n"),
             Contains("a login at a mail server has no headers"));
  CHECK_THAT(problems("protocol: smtp\nendpoints: {}\n"), Contains("protocol"));
  for (const auto* url : {"https://mail.example.com", "smtp://", "smtp:///", "mail.example.com",
                          "smtp://mail.example.com/path", "smtp://bot@mail.example.com"}) {
    CAPTURE(url);
    CHECK_THAT(problems("base_url: \"" + std::string(url) + "\"\nendpoints: {}\n"),
               Contains("is not a base URL") && Contains("smtps://host or smtp://host"));
  }
  Diagnostics diagnostics;
  CHECK_FALSE(
      tba::read_connector("m.yaml", "connector: m\nprotocol: imap\nendpoints: {}\n", diagnostics));
  CHECK_THAT(diagnostics.render(), Contains("m.yaml:2:11: error") && Contains("smtp"));
}

TEST_CASE("mail connector: workflows are checked against it") {
  tba::FileCheck check({.connectors = tba::built_in_connectors()});
  const auto step = [](const std::string& call) {
    return "on: { manual: {} }\nsteps:\n  - " + call + "\n";
  };
  check.read_files({
      {"good.yaml", step("{ id: a, call: email/send, with: { to: a@example.com, text: x } }\n"
                         "  - set: { b: \"${{ .steps.a.body.message_id }}\" }")},
      {"parameter.yaml", step("{ call: email/send, with: { subjekt: x } }")},
      {"key.yaml", step("{ call: email/send, with: { to: a@example.com }, effect: keyed }")},
  });
  const auto told = [&](std::size_t file) { return check.checked()[file].diagnostics.render(); };
  CHECK(told(0).empty());
  CHECK_THAT(told(1), Contains("did you mean 'subject'?"));
  CHECK_THAT(told(2), Contains("a mail server knows no idempotency keys"));
}

TEST_CASE("mail connector: there are no cassettes of what is no request") {
  Diagnostics diagnostics;
  const auto office = read(kOffice);
  CHECK_FALSE(
      tba::read_cassettes("c.yaml", "cassettes: [{ endpoint: tell }]\n", office, diagnostics));
  CHECK_THAT(diagnostics.render(), Contains("'tell' sends no HTTP request"));
}
