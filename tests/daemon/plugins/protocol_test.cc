#include "daemon/plugins/protocol.h"

#include <catch2/catch.hpp>

#include "daemon/plugins/outcomes.h"
#include "shared/connector_reader.h"
#include "shared/value/json.h"
#include "shared/version.h"

using namespace std::chrono_literals;
using Catch::Contains;
using tba::Value;
using tba::engine::AttemptOutcome;
using namespace tba::plugins;

namespace {

tba::Connector described(const std::string& endpoints) {
  tba::Diagnostics diagnostics;
  auto read = tba::read_connector(
      "/plugins/csv/plugin.yaml",
      "plugin: csv\nversion: 1.2.0\ncommand: [./main.py]\nendpoints:\n  " + endpoints + "\n",
      diagnostics);
  INFO(diagnostics.render());
  REQUIRE(read);
  return *std::move(read);
}

Value json(std::string_view text) {
  return tba::parse_json(text).value();
}

std::string problem_of(std::string_view line) {
  const auto message = read_message(line);
  REQUIRE_FALSE(message.has_value());
  return message.error().message;
}

Answer answer_of(std::string_view line) {
  const auto message = read_message(line);
  if (!message) FAIL(message.error().message);
  return std::get<Answer>(*message);
}

AttemptOutcome outcome_of_line(std::string_view line, bool was_cancelled = false) {
  return outcome_of(answer_of(line), "csv/parse", was_cancelled);
}

/// What does not agree between a manifest's endpoints and what its program says; empty if all does.
std::string disagreement(const std::string& endpoints, std::string_view told) {
  const auto agrees = check_agreement(
      described(endpoints), json(R"({"protocol": 1, "endpoints": )" + std::string(told) + "}"));
  return agrees ? "" : agrees.error().message;
}

}  // namespace

TEST_CASE("plugin protocol: what is said to a program is JSON-RPC 2.0, a message a line") {
  CHECK(json(initialize_message(described("parse: {}"))) ==
        json(R"({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocol": 1,
                 "plugin": "csv", "version": "1.2.0", "daemon": ")" +
             std::string(tba::version()) + R"("}})"));
  Call call{.plugin = "csv",
            .endpoint = "parse",
            .with = json(R"({"text": "a\nb"})"),
            .credential = {},
            .idempotency_key = "",
            .timeout = 1500ms};
  const auto line = call_message(7, call);
  CHECK(line.find('\n') == line.size() - 1);
  CHECK(json(line) == json(R"({"jsonrpc": "2.0", "id": 7, "method": "call", "params": {
    "endpoint": "parse", "with": {"text": "a\nb"}, "credential": null, "idempotency_key": null, "timeout": 1.5}})"));
  call.idempotency_key = "k-1";
  CHECK(json(call_message(7, call)).find("params")->find("idempotency_key")->as_string() == "k-1");
  CHECK(cancel_message(7) == R"({"jsonrpc":"2.0","method":"cancel","params":{"id":7}})"
                             "\n");
  CHECK(shutdown_message() == R"({"jsonrpc":"2.0","method":"shutdown"})"
                              "\n");
}

TEST_CASE("plugin protocol: answers and entries for the log are understood") {
  const auto answer = answer_of(R"({"jsonrpc": "2.0", "id": 3, "result": {"body": [1]}})");
  CHECK(answer.id == 3);
  CHECK_FALSE(answer.error);
  CHECK(answer.result == json(R"({"body": [1]})"));
  const auto failed = answer_of(
      R"({"jsonrpc": "2.0", "id": 3, "error": {"code": -5, "message": "no", "data": {"a": 1}}})");
  REQUIRE(failed.error);
  CHECK(failed.error->code == -5);
  CHECK(failed.error->message == "no");
  CHECK(failed.error->data == json(R"({"a": 1})"));
  const auto entry = read_message(
      R"({"jsonrpc": "2.0", "method": "log", "params": {"level": "warning", "message": "hm"}})");
  REQUIRE(entry.has_value());
  CHECK(std::get<LogEntry>(*entry).level == tba::daemon::LogLevel::warning);
  CHECK(std::get<LogEntry>(*entry).message == "hm");
  const auto plain =
      read_message(R"({"jsonrpc": "2.0", "method": "log", "params": {"message": "hm"}})");
  CHECK(std::get<LogEntry>(plain.value()).level == tba::daemon::LogLevel::info);
}

TEST_CASE("plugin protocol: what is no message is refused with the reason") {
  CHECK_THAT(problem_of("hello"), Contains("no JSON: line 1, column 1"));
  CHECK_THAT(problem_of(""), Contains("no JSON"));
  CHECK_THAT(problem_of("[1]"), Contains("no message of JSON-RPC 2.0"));
  CHECK_THAT(problem_of(R"({"id": 1, "result": {}})"), Contains("no message of JSON-RPC 2.0"));
  CHECK_THAT(problem_of(R"({"jsonrpc": "2.0", "result": {}})"), Contains("neither the answer"));
  CHECK_THAT(problem_of(R"({"jsonrpc": "2.0", "id": "1", "result": {}})"), Contains("neither"));
  CHECK_THAT(problem_of(R"({"jsonrpc": "2.0", "id": -1, "result": {}})"), Contains("neither"));
  CHECK_THAT(problem_of(R"({"jsonrpc": "2.0", "id": 1})"), Contains("either a result or an error"));
  CHECK_THAT(problem_of(R"({"jsonrpc": "2.0", "id": 1, "result": 1, "error": 2})"),
             Contains("either a result or an error"));
  CHECK_THAT(problem_of(R"({"jsonrpc": "2.0", "id": 1, "error": "no"})"),
             Contains("no object with code and message"));
  CHECK_THAT(problem_of(R"({"jsonrpc": "2.0", "id": 1, "method": "ask"})"), Contains("asks"));
  CHECK_THAT(problem_of(R"({"jsonrpc": "2.0", "method": "tell"})"), Contains("'tell'"));
  CHECK_THAT(problem_of(R"({"jsonrpc": "2.0", "method": "log"})"), Contains("no message"));
  CHECK_THAT(
      problem_of(
          R"({"jsonrpc": "2.0", "method": "log", "params": {"message": "a", "level": "loud"}})"),
      Contains("at no level"));
  CHECK_THAT(problem_of(std::string(kMaxMessageBytes + 1, ' ')), Contains("10 MiB"));
  CHECK_THAT(problem_of(std::string(2'000, '[')), Contains("no JSON"));
}

TEST_CASE("plugin protocol: a result is as good as an API's answer") {
  const auto outcome = outcome_of_line(R"({"jsonrpc": "2.0", "id": 1, "result": {"body": [1]}})");
  CHECK_FALSE(outcome.failure);
  CHECK(outcome.http_status == 200);
  CHECK(outcome.result == json(R"({"status": 200, "headers": {}, "body": [1]})"));
  const auto empty = outcome_of_line(R"({"jsonrpc": "2.0", "id": 1, "result": "done"})");
  REQUIRE(empty.failure);
  CHECK(empty.failure->kind == "response");
  CHECK_FALSE(empty.certainly_not_acted);
}

TEST_CASE("plugin protocol: an error says by its data what may follow") {
  const auto error = [](const std::string& data, bool was_cancelled = false) {
    return outcome_of_line(
        R"({"jsonrpc": "2.0", "id": 1, "error": {"code": 7, "message": "no", "data": )" + data +
            "}}",
        was_cancelled);
  };
  const auto plain = error("null");
  CHECK(plain.failure->kind == "api");
  CHECK(plain.failure->message == "csv/parse: no");
  CHECK(plain.http_status == 500);
  CHECK(
      plain.result ==
      json(
          R"({"status": 500, "headers": {}, "body": {"code": 7, "message": "no", "data": null}})"));
  CHECK_FALSE(plain.unknown);
  CHECK_FALSE(plain.certainly_not_acted);

  const auto limited = error(R"({"status": 429, "retry_after": 2.5})");
  CHECK(limited.http_status == 429);
  CHECK(limited.retry_after == 2500ms);
  CHECK(limited.certainly_not_acted);
  CHECK(error(R"({"status": 200})").http_status == 500);
  CHECK_FALSE(error(R"({"retry_after": -1})").retry_after);
  CHECK_FALSE(error(R"({"retry_after": "soon"})").retry_after);
  CHECK(error(R"({"retry_after": 1e300})").retry_after == std::chrono::hours(366 * 24));

  CHECK(error(R"({"may_have_acted": false})").certainly_not_acted);
  CHECK(error(R"({"may_have_acted": true})").unknown);
  CHECK(error("null", true).unknown);
  CHECK_FALSE(error(R"({"status": 429})", true).certainly_not_acted);
  CHECK_FALSE(error(R"({"may_have_acted": false})", true).unknown);
}

TEST_CASE("plugin protocol: a program has to serve what its manifest says") {
  const std::string parse = "parse: { parameters: { text: { type: string, required: true } } }";
  CHECK(disagreement(parse, R"({"parse": {}})").empty());
  CHECK(disagreement(parse, R"({"parse": {"parameters": {"text": {}}}, "more": {}})").empty());
  CHECK(disagreement(parse,
                     R"({"parse": {"parameters": {"text": {"type": "string", "required": true}}}})")
            .empty());
  CHECK_THAT(disagreement(parse, R"({"pars": {}})"),
             Contains("does not serve the endpoint 'parse'") && Contains("did you mean 'pars'?"));
  CHECK_THAT(disagreement(parse, R"({"parse": {"parameters": {}}})"),
             Contains("does not know the parameter 'text' of 'parse'"));
  CHECK_THAT(disagreement(parse, R"({"parse": {"parameters": {"text": {"type": "array"}}}})"),
             Contains("of type string in its manifest"));
  CHECK_THAT(
      disagreement(parse, R"({"parse": {"parameters": {"text": {}, "x": {"required": true}}}})"),
      Contains("needs the parameter 'x' of 'parse'"));
  CHECK_THAT(disagreement(parse, "null"), Contains("does not say which endpoints"));
  CHECK_THAT(check_agreement(described(parse), json(R"({"protocol": 2})")).error().message,
             Contains("another protocol than 1: 2"));
  CHECK_THAT(check_agreement(described(parse), json("{}")).error().message,
             Contains("does not say which"));
}

TEST_CASE("plugin protocol: a program may say what a parameter holds, or only its type") {
  const std::string rows = "parse: { parameters: { rows: { type: [{ id: integer }] } } }";
  CHECK(disagreement(rows, R"({"parse": {"parameters": {"rows": {"type": "array"}}}})").empty());
  CHECK(disagreement(rows, R"({"parse": {"parameters": {"rows": {"type": [{"id": "integer"}]}}}})")
            .empty());
  CHECK_THAT(
      disagreement(rows, R"({"parse": {"parameters": {"rows": {"type": [{"id": "string"}]}}}})"),
      Contains("is of type array in its manifest and of another"));
}

TEST_CASE("plugin protocol: a parameter with a default is one that a program may need") {
  CHECK(disagreement("parse: { parameters: { text: { type: string, default: a } } }",
                     R"({"parse": {"parameters": {"text": {"required": true}}}})")
            .empty());
}
