#include "daemon/steps/step_runner.h"

#include <utility>
#include <variant>

#include "daemon/connectors/request_builder.h"
#include "daemon/steps/outcomes.h"
#include "daemon/steps/program_log.h"

namespace tba::steps {

namespace asio = boost::asio;
using engine::Attempt;
using engine::AttemptOutcome;

asio::awaitable<AttemptOutcome> StepRunner::perform(Attempt attempt, engine::LineSink log) {
  Terms terms{std::move(attempt.credential), attempt.effect, attempt.timeout};
  if (auto* call = std::get_if<engine::EndpointCall>(&attempt.request)) {
    return carry_out(std::move(*call), std::move(terms));
  }
  if (auto* raw = std::get_if<engine::RawRequest>(&attempt.request)) {
    return carry_out(std::move(*raw), std::move(terms));
  }
  return carry_out(std::get<engine::ProgramCall>(std::move(attempt.request)), std::move(log));
}

void StepRunner::Terms::apply_to(net::HttpRequest& request) const {
  request.may_resend = effect != Effect::once;
  if (timeout) request.timeout = *timeout;
}

asio::awaitable<AttemptOutcome> StepRunner::carry_out(engine::EndpointCall call, Terms terms) {
  const Endpoint* endpoint = call.connector->endpoint(call.endpoint);
  const std::string what = call.connector->name + "/" + call.endpoint;
  if (!endpoint) co_return not_attempted("request", "there is no endpoint " + what);

  std::shared_ptr<const vault::Credential> credential;
  if (!terms.credential.empty()) {
    credential = environment_.credentials.find(terms.credential);
    if (!credential) {
      co_return not_attempted("credential", environment_.credentials.problem(terms.credential));
    }
  }
  auto request = connectors::build_request(*call.connector, *endpoint, call.parameters,
                                           credential.get(), call.idempotency_key);
  if (!request) co_return not_attempted("request", request.error().message);
  terms.apply_to(*request);
  const auto result = co_await environment_.http.send(std::move(*request));
  co_return outcome_of(result, what, environment_.clock.now());
}

asio::awaitable<AttemptOutcome> StepRunner::carry_out(engine::RawRequest raw, Terms terms) {
  net::HttpRequest request;
  request.method = std::move(raw.method);
  request.url = std::move(raw.url);
  request.headers = std::move(raw.headers);
  request.body = std::move(raw.body);
  request.follow_redirects = raw.follow_redirects;
  request.max_response_bytes = raw.max_bytes;
  terms.apply_to(request);
  if (!terms.credential.empty()) {
    const auto credential = environment_.credentials.find(terms.credential);
    if (!credential) {
      co_return not_attempted("credential", environment_.credentials.problem(terms.credential));
    }
    const auto base_url = environment_.base_url_of(credential->connector);
    if (auto done = connectors::authenticate(request, *credential, base_url); !done) {
      co_return not_attempted("credential", done.error().message);
    }
  }
  const auto result = co_await environment_.http.send(std::move(request));
  co_return outcome_of(result, "the request", environment_.clock.now());
}

asio::awaitable<AttemptOutcome> StepRunner::carry_out(engine::ProgramCall program,
                                                      engine::LineSink log) {
  ProcessRequest request;
  request.command = std::move(program.command);
  request.environment = std::move(program.environment);
  request.folder = std::move(program.folder);
  const std::string name = request.command.front();
  // Named: g++ 12 destroys a closure that is made inside of a co_await expression twice.
  ProgramLog lines(std::move(log));
  LineHandler on_line = [&lines](bool is_stderr, std::string_view line) {
    lines.add(is_stderr ? "stderr" : "stdout", line);
  };
  const auto result = co_await environment_.processes.run(std::move(request), std::move(on_line));
  lines.close(result && result->truncated);
  if (!result) co_return not_attempted("program", name + ": " + result.error().message);
  co_return outcome_of(*result, name, program.json_output);
}

}  // namespace tba::steps
