#include <utility>
#include <variant>

#include "daemon/connectors/mail_builder.h"
#include "daemon/steps/mail_outcomes.h"
#include "daemon/steps/outcomes.h"
#include "daemon/steps/step_runner.h"

namespace tba::steps {

namespace asio = boost::asio;
using engine::AttemptOutcome;

asio::awaitable<AttemptOutcome> StepRunner::send_mail(
    engine::EndpointCall call, Terms terms, std::shared_ptr<const vault::Credential> credential) {
  const auto& connector = *call.connector;
  const auto& endpoint = *connector.endpoint(call.endpoint);
  const auto what = connector.name + "/" + endpoint.id;
  const auto secrets = RequestSecrets::open(std::move(call.secrets), environment_.credentials);
  if (!secrets) co_return not_attempted("credential", secrets.error().message);
  const auto shown = call.parameters;
  secrets->fill(call);
  const auto mark = mark_of(terms);
  auto draft = connectors::build_mail(connector, endpoint, call.parameters, credential.get(), mark);
  if (!draft) co_return not_attempted("request", draft.error().message);
  if (auto fits = secrets->check_destination(draft->request.url, environment_.connector_of); !fits)
    co_return not_attempted("credential", fits.error().message);
  if (terms.timeout) draft->request.timeout = *terms.timeout;
  auto passage = ask_for_passage(draft->request.url, terms);
  if (const auto* refusal = std::get_if<Refusal>(&passage))
    co_return left_alone(what, *refusal, environment_.clock.now());
  const auto leave = limiter_.ask({connector, endpoint, terms.credential, shown}, mark.now);
  if (const auto* turn = std::get_if<Instant>(&leave)) co_return postponed(what, *turn, mark.now);
  const auto& permit = std::get<connectors::RateLimiter::Permit>(leave);
  const auto result = co_await environment_.mail.send(draft->request);
  const bool took_its_time =
      (result || result.error().begun) && has_passed(draft->request.timeout, mark.now);
  tell(std::get<Passage>(passage), host_health(result), took_its_time, answer_text(result));
  auto outcome = outcome_of(result, *draft, what);
  const net::HttpResponse no_headers;
  const bool was_sent = result || result.error().sent;
  co_await tell_limits(permit, result ? &no_headers : nullptr, was_sent, outcome);
  if (credential || !secrets->empty()) mask(outcome);
  co_return outcome;
}

/// By the step in its run, so that a message that is sent again has the id that it had.
connectors::MailMark StepRunner::mark_of(const Terms& terms) {
  if (!terms.identity.empty()) return {terms.identity, environment_.clock.now()};
  auto& random = environment_.random;
  return {std::to_string(random.next()) + std::to_string(random.next()), environment_.clock.now()};
}

}  // namespace tba::steps
