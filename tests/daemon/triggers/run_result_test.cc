#include "daemon/triggers/run_result.h"

#include <catch2/catch.hpp>

#include "shared/value/json.h"

using tba::RunStatus;
using tba::http::Response;
using tba::triggers::answer_of;

namespace {

tba::storage::Run run_with(RunStatus status, const std::string& output = {}) {
  tba::storage::Run run;
  run.id = tba::RunId::parse("01932c07-209c-7b6e-9f4c-0123456789ab").value();
  run.status = status;
  run.output_json = output;
  return run;
}

Response answer(const std::string& output) {
  return answer_of(run_with(RunStatus::succeeded, output));
}

std::string header(const Response& response, std::string_view name) {
  return std::string(response.headers.find(name).value_or("none"));
}

/// What is wrong with an output that is meant as an answer.
std::string problem(const std::string& output) {
  const auto response = answer(output);
  CHECK(response.status == 500);
  const auto document = tba::parse_json(response.body).value();
  CHECK(document.find("code")->as_string() == "bad_output");
  const std::string detail(document.find("detail")->as_string());
  return detail.substr(detail.rfind(": ") + 2);
}

}  // namespace

TEST_CASE("run result: an output is sent as JSON, and none as no content") {
  for (const auto* output :
       {R"({"a":1})", R"([1])", R"("text")", "false", R"({"status":"ok","body":1})",
        R"({"status":200,"other":1})", R"({"body":"x"})"}) {
    CAPTURE(output);
    const auto response = answer(output);
    CHECK(response.status == 200);
    CHECK(response.body == output);
    CHECK(header(response, "content-type") == "application/json");
    CHECK(header(response, "tba-run") == "01932c07-209c-7b6e-9f4c-0123456789ab");
  }
  for (const auto* output : {"", "null"}) {
    const auto response = answer(output);
    CHECK(response.status == 204);
    CHECK(response.body.empty());
  }
}

TEST_CASE("run result: an output with a status says all of the answer") {
  const auto response = answer(
      R"({"status":201,"headers":{"Location":"/a","X-N":7,"X-No":null,"Set-Cookie":["a=1","b=2"]},)"
      R"("body":{"id":7}})");
  CHECK(response.status == 201);
  CHECK(response.body == R"({"id":7})");
  CHECK(header(response, "content-type") == "application/json");
  CHECK(header(response, "location") == "/a");
  CHECK(header(response, "x-n") == "7");
  CHECK(header(response, "x-no") == "none");
  CHECK(response.headers.count("set-cookie") == 2);

  const auto text = answer(R"({"status":404,"body":"no such thing"})");
  CHECK(text.status == 404);
  CHECK(text.body == "no such thing");
  CHECK(header(text, "content-type") == "text/plain; charset=utf-8");

  const auto html = answer(R"({"status":200,"headers":{"content-type":"text/html"},"body":"<p>"})");
  CHECK(html.headers.count("Content-Type") == 1);
  CHECK(header(html, "content-type") == "text/html");

  for (const auto* output : {R"({"status":204,"body":"x"})", R"({"status":202})",
                             R"({"status":304,"headers":null,"body":1})"}) {
    CHECK(answer(output).body.empty());
    CHECK(header(answer(output), "content-type") == "none");
  }
}

TEST_CASE("run result: an answer that cannot be sent is a problem that says why") {
  for (const auto* status : {"199", "600", "0", "-1"})
    CHECK(problem(std::string(R"({"status":)") + status + "}") ==
          "its status is no number from 200 to 599");
  CHECK(problem(R"({"status":200,"headers":[]})") == "its headers are no object");
  for (const auto* headers :
       {R"({"a b":"x"})", R"({"":"x"})", R"({"a":"x\ny"})", R"({"a":{}})", R"({"a":[["x"]]})",
        R"({"a":["x",{}]})", R"({"Content-Length":"3"})", R"({"transfer-encoding":"x"})"}) {
    CAPTURE(headers);
    CHECK_THAT(problem(std::string(R"({"status":200,"headers":)") + headers + "}"),
               Catch::Matchers::EndsWith("cannot be sent"));
  }
}

TEST_CASE("run result: a run that came to nothing is a problem that does not say why") {
  for (const auto status :
       {RunStatus::failed, RunStatus::cancelled, RunStatus::interrupted, RunStatus::skipped}) {
    auto run = run_with(status);
    run.failure = tba::storage::Failure{"network", "secret.internal refused", "get"};
    const auto response = answer_of(run);
    CHECK(response.status == 500);
    CHECK_THAT(response.body,
               Catch::Matchers::Contains("\"run_" + std::string(tba::name_of(status)) + "\"") &&
                   Catch::Matchers::Contains(run.id.text()) &&
                   !Catch::Matchers::Contains("secret"));
  }
}
