#include "daemon/steps/mail_outcomes.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "shared/value/utf8.h"

namespace tba::steps {
namespace {

using engine::AttemptOutcome;
using net::MailReply;
using net::MailStage;

constexpr std::size_t kLongestMessage = 500;
constexpr int kClosing = 421;  // RFC 5321, section 4.2.3: the service is not available

/// What a server refuses that says no at that stage.
constexpr std::array<std::pair<MailStage, std::string_view>, 9> kRefused{{
    {MailStage::greeting, "the connection"},
    {MailStage::hello, "the connection"},
    {MailStage::encryption, "an encrypted connection"},
    {MailStage::login, "the login"},
    {MailStage::sender, "the sender"},
    {MailStage::recipient, "the recipient"},
    {MailStage::start, "the message"},
    {MailStage::message, "the message"},
    {MailStage::check, "the connection"},
}};

/// The status of HTTP that a reply is as good as.
int status_of(const MailReply& reply) {
  if (reply.code < 400) return 200;
  if (reply.code < 500) return 503;
  return reply.stage == MailStage::login ? 401 : 422;
}

std::string refusal_text(const MailReply& reply) {
  auto refused = std::string(
      std::ranges::find(kRefused, reply.stage, &decltype(kRefused)::value_type::first)->second);
  if (!reply.recipient.empty()) refused += " " + reply.recipient;
  return fmt::format("the server {}: {} {}",
                     reply.code < 500 ? fmt::format("does not accept {} for now", refused)
                                      : fmt::format("refuses {}", refused),
                     reply.code, shortened(repair_utf8(reply.text), kLongestMessage));
}

Value body_of(const MailReply& reply, const connectors::MailDraft& draft) {
  ObjectBuilder body;
  const auto& envelope = draft.request.envelope;
  if (envelope && reply.code < 400) {
    ArrayBuilder accepted;
    for (const auto& recipient : envelope->recipients) accepted.add(Value::string(recipient));
    body.put("message_id", Value::string(draft.message_id));
    body.put("accepted", std::move(accepted).build());
  }
  body.put("code", Value::integer(reply.code));
  body.put("answer", Value::string(repair_utf8(reply.text)));
  return std::move(body).build();
}

}  // namespace

AttemptOutcome outcome_of(const net::MailResult& result, const connectors::MailDraft& draft,
                          std::string_view what) {
  if (!result) return outcome_of(result.error(), what);
  AttemptOutcome outcome;
  outcome.http_status = status_of(*result);
  outcome.result = Value::object({{"status", Value::integer(outcome.http_status)},
                                  {"headers", Value::object({})},
                                  {"body", body_of(*result, draft)}});
  if (result->code < 400) return outcome;
  outcome.failure = storage::Failure{"api", fmt::format("{}: {}", what, refusal_text(*result)), ""};
  outcome.certainly_not_acted = true;
  return outcome;
}

HostHealth host_health(const net::MailResult& result) {
  if (!result) return host_health(result.error());
  const bool is_down =
      result->code == kClosing || (result->code >= 400 && result->stage == MailStage::greeting);
  return is_down ? HostHealth::bad : HostHealth::good;
}

std::string answer_text(const net::MailResult& result) {
  return result ? fmt::format("it answered {}", result->code) : result.error().message;
}

}  // namespace tba::steps
