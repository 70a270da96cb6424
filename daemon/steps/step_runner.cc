#include "daemon/steps/step_runner.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>
#include <variant>

#include "daemon/auth/credential_state.h"
#include "daemon/connectors/authentication.h"
#include "daemon/connectors/paging.h"
#include "daemon/connectors/parameter_values.h"
#include "daemon/connectors/request_builder.h"
#include "daemon/steps/answers.h"
#include "daemon/steps/outcomes.h"
#include "daemon/steps/program_log.h"
#include "shared/value/json.h"

namespace tba::steps {

namespace asio = boost::asio;
using engine::Attempt;
using engine::AttemptOutcome;

namespace {

/// What an attempt is whose credential cannot be used; one that may be used later is tried again as
/// if its API could not be reached.
AttemptOutcome without_credential(const Error& error) {
  return not_attempted(error.code == ErrorCode::unavailable ? "network" : "credential",
                       error.message);
}

/// Whether the program of a plugin gets that field: of a credential that is renewed only the token,
/// as with the rest it could get tokens for ever.
bool is_handed_over(const vault::Credential& credential, std::string_view field) {
  constexpr std::array<std::string_view, 3> kOfToken{"access_token", "expires_at", "scopes"};
  return credential.type != AuthScheme::Type::oauth2 ||
         std::ranges::find(kOfToken, field) != kOfToken.end();
}

/// A credential as the program of its plugin gets it.
Value handed_over(const vault::Credential& credential) {
  ObjectBuilder fields;
  for (const auto& [name, secret] : credential.fields) {
    if (is_handed_over(credential, name)) fields.put(name, Value::string(secret.view()));
  }
  return Value::object({{"name", Value::string(credential.name)},
                        {"scheme", Value::string(credential.scheme)},
                        {"type", Value::string(name_of(credential.type))},
                        {"base_url", Value::string(credential.base_url)},
                        {"fields", std::move(fields).build()}});
}

/// What the program is told. Errors: parameter_values().
Result<plugins::Call> plugin_call(const engine::EndpointCall& call,
                                  const vault::Credential* credential) {
  const auto& connector = *call.connector;
  const auto values =
      connectors::parameter_values(connector, *connector.endpoint(call.endpoint), call.parameters);
  if (!values) return values.error();
  ObjectBuilder with;
  for (const auto& [parameter, value] : *values) with.put(parameter->name, *value);
  plugins::Call made;
  made.plugin = connector.name;
  made.endpoint = call.endpoint;
  made.with = std::move(with).build();
  if (credential) made.credential = handed_over(*credential);
  made.idempotency_key = call.idempotency_key;
  return made;
}

}  // namespace

asio::awaitable<AttemptOutcome> StepRunner::perform(Attempt attempt, engine::LineSink log) {
  if (std::holds_alternative<engine::ProgramCall>(attempt.request))
    return run_program(std::move(attempt), std::move(log));
  Terms terms{std::move(attempt.credential),
              attempt.run == RunId() ? std::string() : attempt.run.text() + "/" + attempt.step,
              attempt.effect,
              attempt.timeout,
              attempt.is_by_hand,
              attempt.is_by_hand || attempt.must_ask};
  if (auto* call = std::get_if<engine::EndpointCall>(&attempt.request)) {
    return carry_out(std::move(*call), std::move(terms));
  }
  return carry_out(std::get<engine::RawRequest>(std::move(attempt.request)), std::move(terms));
}

asio::awaitable<Result<>> StepRunner::load() {
  auto closed = co_await environment_.store.closed_limits();
  if (!closed) co_return with_context(closed.error(), "while reading the state of limits");
  for (auto& limit : *closed) limiter_.recall({std::move(limit.key), limit.until});
  co_return Result<>();
}

/// So that a daemon that is started meanwhile does not ask either. What cannot be written is found
/// out again.
asio::awaitable<void> StepRunner::write_down(std::vector<connectors::RateLimiter::Closed> closed,
                                             Instant now) {
  storage::Change change;
  for (auto& limit : closed)
    change.writes.emplace_back(storage::PutClosedLimit{{std::move(limit.key), limit.until}, now});
  const auto written = co_await environment_.store.submit(std::move(change));
  if (!written)
    environment_.log.warning("the state of a limit was not written",
                             {{"why", written.error().message}});
}

void StepRunner::Terms::apply_to(net::HttpRequest& request) const {
  request.may_resend = effect != Effect::once;
  if (timeout) request.timeout = *timeout;
}

std::variant<StepRunner::Passage, StepRunner::Refusal> StepRunner::ask_for_passage(
    const std::string& url, const Terms& terms) {
  if (terms.is_by_hand) return environment_.circuits.insist(url, environment_.clock.now());
  return environment_.circuits.ask(url, environment_.clock.now());
}

/// Whether so much time has passed, or nearly: the engine's begins a little earlier than that of a
/// request.
bool StepRunner::has_passed(std::chrono::milliseconds timeout, Instant begun) const {
  return (environment_.clock.now() - begun) * 10 >= Duration(timeout) * 9;
}

/// Says what the exchange tells of its host, and why. Who cuts a request off when its time is over,
/// instead of the client, found no answer either.
void StepRunner::tell(Passage& passage, HostHealth health, bool took_its_time,
                      const std::string& why) {
  if (health == HostHealth::unknown && took_its_time) health = HostHealth::bad;
  if (health == HostHealth::unknown) return;
  const auto host = passage.host();
  if (health == HostHealth::good) {
    if (passage.answered()) environment_.log.info("a host answers again", {{"host", host}});
    return;
  }
  if (passage.failed(why, environment_.clock.now()))
    environment_.log.warning("a host is left alone for a while", {{"host", host}, {"why", why}});
}

/// Sends the request; what comes back to one with secrets is masked before anybody reads it, since
/// it may repeat them: an error page names the path, of which a key may be part.
asio::awaitable<net::HttpResult> StepRunner::send(net::HttpRequest request, bool has_secrets,
                                                  Passage passage) {
  const auto timeout = request.timeout;
  const auto begun = environment_.clock.now();
  auto result = co_await environment_.http.send(std::move(request));
  tell(passage, host_health(result), has_passed(timeout, begun),
       result ? "it answered " + std::to_string(result->status) : result.error().message);
  if (!has_secrets || !result) co_return result;
  environment_.live_secrets.mask(result->body);
  for (auto& [name, value] : result->headers) environment_.live_secrets.mask(value);
  co_return result;
}

/// The credential of that name, ready to be used; null where there is no name.
asio::awaitable<StepRunner::Usable> StepRunner::ready(std::string name) {
  if (name.empty()) co_return nullptr;
  co_return co_await environment_.tokens.usable(std::move(name));
}

/// The outcome as a page of the endpoint's list, where that is what was called for.
AttemptOutcome StepRunner::paged(const Answered& answered, const Value& answer,
                                 AttemptOutcome outcome) const {
  const auto& [call, parameters, url, what] = answered;
  if (!call.page || outcome.failure) return outcome;
  const auto& endpoint = *call.connector->endpoint(call.endpoint);
  const Value body = *outcome.result.find("body");
  return as_page(*endpoint.pagination, {endpoint, answer, body, parameters, *call.page, url},
                 std::move(outcome), what);
}

/// The answer as a page of the endpoint's list. Where the next one is may be a URL into which the
/// API has put a secret of ours: that is put in anew when it is asked for.
AttemptOutcome StepRunner::as_page(const Pagination& pagination,
                                   const connectors::PageAnswer& answer, AttemptOutcome outcome,
                                   std::string_view what) const {
  auto page = connectors::read_page(pagination, answer);
  if (!page) {
    outcome.failure =
        storage::Failure{"pagination", std::string(what) + ": " + page.error().message, ""};
    return outcome;
  }
  if (auto url = connectors::url_of_page(page->next); !url.empty()) {
    environment_.live_secrets.mask(url);
    page->next = std::move(page->next).with_member("url", Value::string(url));
  }
  outcome.result = std::move(outcome.result)
                       .with_member("body", std::move(page->items))
                       .with_member("next", std::move(page->next));
  return outcome;
}

asio::awaitable<AttemptOutcome> StepRunner::carry_out(engine::EndpointCall call, Terms terms) {
  const auto credential = co_await ready(terms.credential);
  if (!credential) co_return without_credential(credential.error());
  auto outcome = co_await exchange(call, terms, *credential);
  const bool is_refused = outcome.http_status == 401 && *credential;
  if (!is_refused || !auth::may_be_renewed(**credential, environment_.clock.now()))
    co_return outcome;
  // The token was taken back before its end. Who is refused has done nothing.
  auto renewed = co_await environment_.tokens.renewed(terms.credential, (*credential)->version);
  if (!renewed) co_return without_credential(renewed.error());
  co_return co_await exchange(std::move(call), std::move(terms), *std::move(renewed));
}

/// What is known already of what the request asks for.
connectors::KeptAnswers::Question StepRunner::question_of(net::HttpRequest& request,
                                                          const Endpoint& endpoint,
                                                          const vault::Credential* credential,
                                                          const Terms& terms) {
  const bool is_kept = endpoint.revalidate || endpoint.fresh_for > endpoint.fresh_for.zero();
  if (!is_kept) return {};
  return answers_.ask(
      request, credential,
      {endpoint.revalidate, endpoint.fresh_for, terms.must_ask, environment_.clock.now()});
}

/// Tells the limits how a call ended: what came, or null; and whether it was sent at all.
asio::awaitable<void> StepRunner::tell_limits(const connectors::RateLimiter::Permit& permit,
                                              const net::HttpResponse* response, bool was_sent,
                                              const AttemptOutcome& outcome) {
  const auto now = environment_.clock.now();
  if (!response) {
    limiter_.unanswered(permit, was_sent, now);
    co_return;
  }
  auto closed = limiter_.answered(permit, *response, outcome.result, asks_to_wait(outcome),
                                  outcome.retry_after, now);
  if (!closed.empty()) co_await write_down(std::move(closed), now);
}

/// Makes the call once, whatever answers it.
asio::awaitable<AttemptOutcome> StepRunner::exchange(
    engine::EndpointCall call, Terms terms, std::shared_ptr<const vault::Credential> credential) {
  const Endpoint* endpoint = call.connector->endpoint(call.endpoint);
  const std::string what = call.connector->name + "/" + call.endpoint;
  if (!endpoint) co_return not_attempted("request", "there is no endpoint " + what);

  if (call.page && !endpoint->pagination)
    co_return not_attempted("request", what + " has no pages: its connector describes none");
  if (call.connector->sends_mail) {
    auto sent = send_mail(std::move(call), std::move(terms), std::move(credential));
    co_return co_await std::move(sent);
  }
  if (call.connector->plugin) {
    auto called = call_plugin(std::move(call), std::move(terms), std::move(credential));
    co_return co_await std::move(called);
  }
  auto asked = ask_api(std::move(call), std::move(terms), std::move(credential));
  co_return co_await std::move(asked);
}

asio::awaitable<AttemptOutcome> StepRunner::ask_api(
    engine::EndpointCall call, Terms terms, std::shared_ptr<const vault::Credential> credential) {
  const Endpoint* endpoint = call.connector->endpoint(call.endpoint);
  const std::string what = call.connector->name + "/" + call.endpoint;
  const auto secrets = RequestSecrets::open(std::move(call.secrets), environment_.credentials);
  if (!secrets) co_return not_attempted("credential", secrets.error().message);
  if (call.page) {
    call.parameters = connectors::parameters_of_page(*endpoint->pagination, *endpoint,
                                                     std::move(call.parameters), *call.page);
  }
  const auto shown = call.parameters;
  secrets->fill(call);
  auto request = connectors::build_request(
      *call.connector, *endpoint, call.parameters, credential.get(), call.idempotency_key,
      call.page ? connectors::url_of_page(*call.page) : std::string());
  if (!request) co_return not_attempted("request", request.error().message);
  const auto url = request->url;
  const Answered answered{call, shown, url, what};
  // Before the request is signed with what it asks.
  const auto question = question_of(*request, *endpoint, credential.get(), terms);
  if (auto kept = question.answer()) {
    auto known = outcome_of(*std::move(kept), what, environment_.clock.now());
    const auto answer = known.result;
    co_return paged(answered, answer, by_rules(endpoint->answer, std::move(known), what));
  }
  if (credential) {
    auto proved = connectors::authenticate(*request, *call.connector, *credential,
                                           {environment_.clock.now(), environment_.random});
    if (!proved) co_return not_attempted("credential", proved.error().message);
  }
  if (auto fits = secrets->check_destination(request->url, environment_.connector_of); !fits)
    co_return not_attempted("credential", fits.error().message);
  terms.apply_to(*request);
  auto passage = ask_for_passage(request->url, terms);
  if (const auto* refusal = std::get_if<Refusal>(&passage))
    co_return left_alone(what, *refusal, environment_.clock.now());
  const connectors::RateLimiter::Call counted{*call.connector, *endpoint, terms.credential, shown};
  auto now = environment_.clock.now();
  const auto leave = limiter_.ask(counted, now);
  if (const auto* turn = std::get_if<Instant>(&leave)) co_return postponed(what, *turn, now);
  const auto& permit = std::get<connectors::RateLimiter::Permit>(leave);
  const bool has_secrets = credential || !secrets->empty();
  auto result =
      co_await send(std::move(*request), has_secrets, std::get<Passage>(std::move(passage)));
  if (result) *result = answers_.settle(question, *std::move(result));
  now = environment_.clock.now();
  auto outcome = outcome_of(result, what, now);
  const auto answer = outcome.result;
  outcome = by_rules(endpoint->answer, std::move(outcome), what);
  // A status that tells of a failure has told it to settle() already.
  if (result && result->status < 400 && outcome.failure) answers_.drop(question);
  const auto response = result ? *result : net::HttpResponse();
  const bool was_sent = result || result.error().sent;
  co_await tell_limits(permit, result ? &*result : nullptr, was_sent, outcome);
  if (terms.is_by_hand) outcome.answer = answer;
  co_return paged(answered, answer, std::move(outcome));
}

asio::awaitable<AttemptOutcome> StepRunner::call_plugin(
    engine::EndpointCall call, Terms terms, std::shared_ptr<const vault::Credential> credential) {
  const auto& connector = *call.connector;
  const auto secrets = RequestSecrets::open(std::move(call.secrets), environment_.credentials);
  if (!secrets) co_return not_attempted("credential", secrets.error().message);
  if (auto fits = secrets->check_owner(connector.name); !fits)
    co_return not_attempted("credential", fits.error().message);
  if (credential) {
    if (auto fits = connectors::check_for_calls(*credential, connector); !fits)
      co_return not_attempted("credential", fits.error().message);
  }
  secrets->fill(call);
  auto made = plugin_call(call, credential.get());
  if (!made) co_return not_attempted("request", made.error().message);
  if (terms.timeout) made->timeout = *terms.timeout;
  auto outcome = co_await environment_.plugins.call(std::move(*made));
  if (credential || !secrets->empty()) mask(outcome);
  co_return outcome;
}

/// Clears an outcome of every live secret.
void StepRunner::mask(AttemptOutcome& outcome) const {
  if (outcome.failure) environment_.live_secrets.mask(outcome.failure->message);
  auto text = to_json(outcome.result);
  if (!environment_.live_secrets.mask(text)) return;
  auto masked = parse_json(text);
  // Where a secret was a number, what is left is no JSON.
  outcome.result = masked ? std::move(*masked) : Value::string(text);
}

asio::awaitable<AttemptOutcome> StepRunner::carry_out(engine::RawRequest raw, Terms terms) {
  const auto credential = co_await ready(terms.credential);
  if (!credential) co_return without_credential(credential.error());
  auto url = url_of(std::move(raw.url), credential->get());
  if (!url) co_return not_attempted("request", url.error().message);
  raw.url = *std::move(url);
  const auto secrets = RequestSecrets::open(std::move(raw.secrets), environment_.credentials);
  if (!secrets) co_return not_attempted("credential", secrets.error().message);
  if (auto fits = secrets->check_destination(raw.url, environment_.connector_of); !fits)
    co_return not_attempted("credential", fits.error().message);
  secrets->fill(raw);
  net::HttpRequest request;
  request.method = std::move(raw.method);
  request.url = std::move(raw.url);
  request.headers = std::move(raw.headers);
  request.body = std::move(raw.body);
  // The client keeps headers to their origin, but sends a body on.
  request.follow_redirects = raw.follow_redirects && secrets->empty();
  request.max_response_bytes = raw.max_bytes;
  terms.apply_to(request);
  if (*credential) {
    if (auto proved = prove(request, **credential); !proved)
      co_return not_attempted("credential", proved.error().message);
  }
  auto passage = ask_for_passage(request.url, terms);
  if (const auto* refusal = std::get_if<Refusal>(&passage))
    co_return left_alone("the request", *refusal, environment_.clock.now());
  const bool has_secrets = *credential || !secrets->empty();
  const auto result =
      co_await send(std::move(request), has_secrets, std::get<Passage>(std::move(passage)));
  co_return outcome_of(result, "the request", environment_.clock.now());
}

/// Where a request goes that no connector describes.
Result<std::string> StepRunner::url_of(std::string url, const vault::Credential* credential) const {
  if (credential) {
    const auto own = environment_.connector_of(credential->connector);
    return connectors::whole_url(std::move(url), *credential, own.get());
  }
  if (!url.starts_with('/')) return url;
  return Error{
      ErrorCode::invalid,
      "a URL that begins with '/' is below the base URL of a credential, and there is none", ""};
}

/// Puts what proves who is calling into a request that no connector describes, whose URL may be
/// made of what strangers sent.
Result<> StepRunner::prove(net::HttpRequest& request, const vault::Credential& credential) {
  const auto own = environment_.connector_of(credential.connector);
  if (auto fits = connectors::check_for_requests(credential, own.get()); !fits) return fits;
  if (auto fits = connectors::check_destination(request.url, credential, own.get()); !fits)
    return fits;
  return connectors::authenticate(request, *own, credential,
                                  {environment_.clock.now(), environment_.random});
}

/// The program as it is started: in the folder of its run, and with what every program is told.
ProcessRequest StepRunner::process_of(const Attempt& attempt) {
  const auto& program = std::get<engine::ProgramCall>(attempt.request);
  ProcessRequest request;
  request.command = program.command;
  request.environment = program.environment;
  request.folder = environment_.folders.of(attempt.run);
  request.makes_folder = true;
  auto beside = environment_.folder_of(program.workflow);
  if (beside.empty()) beside = program.workflow_folder;
  auto& file = request.command.front();
  if (file.find('/') != std::string::npos)
    file = (std::filesystem::path(beside) / file).lexically_normal().string();
  const std::array<std::pair<std::string, std::string>, 6> told{{
      {"HOME", request.folder},
      {"TBA_RUN_ID", attempt.run.text()},
      {"TBA_WORKFLOW", program.workflow},
      {"TBA_WORKFLOW_FOLDER", beside},
      {"TBA_STEP", attempt.step},
      {"TBA_ATTEMPT", std::to_string(attempt.number)},
  }};
  for (const auto& [name, value] : told) {
    const bool is_declared = std::ranges::any_of(
        request.environment, [&](const auto& variable) { return variable.first == name; });
    if (!is_declared) request.environment.emplace_back(name, value);
  }
  return request;
}

asio::awaitable<AttemptOutcome> StepRunner::run_program(Attempt attempt, engine::LineSink log) {
  auto& program = std::get<engine::ProgramCall>(attempt.request);
  const auto secrets = RequestSecrets::open(std::move(program.secrets), environment_.credentials);
  if (!secrets) co_return not_attempted("credential", secrets.error().message);
  secrets->fill(program);
  auto request = process_of(attempt);
  const std::string name = program.command.front();
  // Named: g++ 12 destroys a closure that is made inside of a co_await expression twice.
  ProgramLog lines(std::move(log));
  const bool is_masked = !secrets->empty();
  LineHandler on_line = [&](bool is_stderr, std::string_view line) {
    std::string shown;
    if (is_masked) environment_.live_secrets.mask(shown.assign(line));
    lines.add(is_stderr ? "stderr" : "stdout", is_masked ? shown : line);
  };
  auto result = co_await environment_.processes.run(std::move(request), std::move(on_line));
  lines.close(result && result->truncated);
  if (!result) {
    const auto& [code, message, hint] = result.error();
    co_return not_attempted("program",
                            name + ": " + message + (hint.empty() ? "" : " (" + hint + ")"));
  }
  if (is_masked) {
    environment_.live_secrets.mask(result->out);
    environment_.live_secrets.mask(result->err);
  }
  co_return outcome_of(*result, name, program.json_output);
}

}  // namespace tba::steps
