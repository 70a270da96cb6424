#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include <boost/asio/awaitable.hpp>

#include "daemon/auth/token_keeper.h"
#include "daemon/connectors/circuit_breaker.h"
#include "daemon/connectors/kept_answers.h"
#include "daemon/connectors/mail_builder.h"
#include "daemon/connectors/paging.h"
#include "daemon/connectors/rate_limiter.h"
#include "daemon/engine/attempt.h"
#include "daemon/log.h"
#include "daemon/net/http_client.h"
#include "daemon/net/mail_client.h"
#include "daemon/plugins/call.h"
#include "daemon/steps/outcomes.h"
#include "daemon/steps/process.h"
#include "daemon/steps/request_secrets.h"
#include "daemon/steps/run_folders.h"
#include "daemon/storage/store.h"
#include "daemon/vault/credentials.h"
#include "daemon/vault/live_secrets.h"
#include "shared/clock.h"
#include "shared/random.h"

namespace tba::steps {

/// Carries out attempts for the engine: endpoint calls and raw requests through the HTTP client,
/// the mail client or the program of a plugin, programs through the process runner. Credentials,
/// and the secrets that a request lacks, are looked up when the attempt is made, so that it always
/// uses the present ones. Whatever comes back from where a secret went is masked. Calls of
/// endpoints keep to the limits of their APIs, and all requests away from hosts that do not answer.
class StepRunner final : public engine::AttemptRunner {
 public:
  /// What it needs from outside; all must outlive it.
  struct Environment {
    net::HttpClient& http;
    net::MailClient& mail;
    ProcessRunner& processes;
    plugins::Caller& plugins;
    const vault::Credentials& credentials;
    auth::TokenKeeper& tokens;
    const vault::LiveSecrets& live_secrets;
    RunFolders& folders;
    const Clock& clock;
    Random& random;
    connectors::CircuitBreaker& circuits;
    daemon::Log& log;
    storage::Store& store;
    /// The connector of that name as it is now; null where there is none. Called on the thread that
    /// performs.
    std::function<std::shared_ptr<const Connector>(const std::string& name)> connector_of;
    /// The folder of the file that describes that workflow now; empty where none does. Likewise.
    std::function<std::string(const std::string& workflow)> folder_of;
  };

  explicit StepRunner(Environment environment) : environment_(environment) {}

  /// Reads which limits were closed when the daemon ended. Once, before anything is performed.
  boost::asio::awaitable<Result<>> load();

  boost::asio::awaitable<engine::AttemptOutcome> perform(engine::Attempt attempt,
                                                         engine::LineSink log) override;

  /// Its working folder goes.
  void run_ended(RunId run) override { environment_.folders.remove(run); }

 private:
  /// What holds for a request, whichever kind it is.
  struct Terms {
    std::string credential;  ///< Its name, or empty.
    std::string identity;    ///< Of the step in its run, whichever attempt; empty: it has none.
    Effect effect = Effect::repeat;
    std::optional<std::chrono::milliseconds> timeout;
    bool is_by_hand = false;
    bool must_ask = false;

    void apply_to(net::HttpRequest& request) const;
  };

  /// A call that has an answer. It refers to what it is made of.
  struct Answered {
    const engine::EndpointCall& call;
    const Value& parameters;  ///< As they may be shown.
    const std::string& url;
    std::string_view what;
  };

  using Passage = connectors::CircuitBreaker::Passage;
  using Refusal = connectors::CircuitBreaker::Refusal;

  std::variant<Passage, Refusal> ask_for_passage(const std::string& url, const Terms& terms);
  boost::asio::awaitable<net::HttpResult> send(net::HttpRequest request, bool has_secrets,
                                               Passage passage);
  boost::asio::awaitable<void> write_down(std::vector<connectors::RateLimiter::Closed> closed,
                                          Instant now);
  bool has_passed(std::chrono::milliseconds timeout, Instant begun) const;
  void tell(Passage& passage, HostHealth health, bool took_its_time, const std::string& why);
  using Usable = Result<std::shared_ptr<const vault::Credential>>;

  boost::asio::awaitable<Usable> ready(std::string name);
  boost::asio::awaitable<engine::AttemptOutcome> carry_out(engine::EndpointCall call, Terms terms);
  boost::asio::awaitable<void> tell_limits(const connectors::RateLimiter::Permit& permit,
                                           const net::HttpResponse* response, bool was_sent,
                                           const engine::AttemptOutcome& outcome);
  boost::asio::awaitable<engine::AttemptOutcome> ask_api(
      engine::EndpointCall call, Terms terms, std::shared_ptr<const vault::Credential> credential);
  boost::asio::awaitable<engine::AttemptOutcome> exchange(
      engine::EndpointCall call, Terms terms, std::shared_ptr<const vault::Credential> credential);
  connectors::KeptAnswers::Question question_of(net::HttpRequest& request, const Endpoint& endpoint,
                                                const vault::Credential* credential,
                                                const Terms& terms);
  engine::AttemptOutcome paged(const Answered& answered, const Value& answer,
                               engine::AttemptOutcome outcome) const;
  boost::asio::awaitable<engine::AttemptOutcome> send_mail(
      engine::EndpointCall call, Terms terms, std::shared_ptr<const vault::Credential> credential);
  connectors::MailMark mark_of(const Terms& terms);
  engine::AttemptOutcome as_page(const Pagination& pagination, const connectors::PageAnswer& answer,
                                 engine::AttemptOutcome outcome, std::string_view what) const;
  boost::asio::awaitable<engine::AttemptOutcome> call_plugin(
      engine::EndpointCall call, Terms terms, std::shared_ptr<const vault::Credential> credential);
  boost::asio::awaitable<engine::AttemptOutcome> carry_out(engine::RawRequest raw, Terms terms);
  boost::asio::awaitable<engine::AttemptOutcome> run_program(engine::Attempt attempt,
                                                             engine::LineSink log);
  Result<std::string> url_of(std::string url, const vault::Credential* credential) const;
  Result<> prove(net::HttpRequest& request, const vault::Credential& credential);
  ProcessRequest process_of(const engine::Attempt& attempt);
  void mask(engine::AttemptOutcome& outcome) const;

  Environment environment_;
  connectors::RateLimiter limiter_;
  connectors::KeptAnswers answers_;
};

}  // namespace tba::steps
