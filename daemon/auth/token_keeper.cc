#include "daemon/auth/token_keeper.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "daemon/auth/credential_state.h"
#include "shared/time_format.h"

namespace tba::auth {

namespace asio = boost::asio;
using Grant = OAuth2Scheme::Grant;

namespace {

constexpr std::chrono::seconds kFirstPause{1};
constexpr std::chrono::minutes kLongestPause{5};

/// Doubles with each failure; what the far side asks for counts where it is longer.
Duration pause_after(int failures, std::optional<std::chrono::milliseconds> asked) {
  const auto doubled = kFirstPause * (1 << std::clamp(failures - 1, 0, 10));
  const auto pause = std::min<Duration>(doubled, kLongestPause);
  return asked ? std::max<Duration>(pause, *asked) : pause;
}

Error unusable(const vault::Credentials& credentials, const std::string& name) {
  return {ErrorCode::invalid, credentials.problem(name), ""};
}

}  // namespace

/// A refresh under way, and those who wait for it.
struct TokenKeeper::Flight {
  explicit Flight(const asio::any_io_executor& executor)
      : landed(executor, asio::steady_timer::time_point::max()) {}

  asio::steady_timer landed;  // never expires; cancelled when it has ended
  bool has_landed = false;
  Result<> outcome;
};

TokenKeeper::TokenKeeper(Environment environment)
    : environment_(std::move(environment)),
      tasks_(environment_.executor, environment_.log, "the keeper of tokens") {}

TokenKeeper::~TokenKeeper() = default;

void TokenKeeper::start() {
  for (const auto& summary : environment_.credentials.list()) {
    const auto credential = environment_.credentials.find(summary.name);
    if (credential && !credential->field(kRefreshingSince).empty()) begin_flight(summary.name);
  }
  watch();
}

asio::awaitable<void> TokenKeeper::stop() {
  stopping_ = true;
  environment_.alarm.clear();
  co_await tasks_.wait();
}

void TokenKeeper::changed(const std::string& name) {
  asio::post(environment_.executor, [this, name] {
    failing_.erase(name);  // what was wrong may have been mended
    watch();
  });
}

TokenKeeper::Usable TokenKeeper::found(const std::string& name) const {
  auto credential = environment_.credentials.find(name);
  if (!credential) return unusable(environment_.credentials, name);
  return credential;
}

asio::awaitable<TokenKeeper::Usable> TokenKeeper::usable(std::string name) {
  const auto credential = found(name);
  if (!credential || (*credential)->type != AuthScheme::Type::oauth2) co_return credential;
  const auto now = environment_.clock.now();
  const auto due = renewal_due(**credential, now);
  if (!due || *due > now) co_return credential;
  auto refreshed = co_await renewed(name, (*credential)->version);
  if (refreshed || refreshed.error().code != ErrorCode::unavailable) co_return refreshed;
  // What is renewed before it ends may still be used if that did not work out.
  const auto end = time_field(**credential, kExpiresAt);
  if (end && *end > environment_.clock.now()) co_return credential;
  co_return refreshed;
}

asio::awaitable<TokenKeeper::Usable> TokenKeeper::renewed(std::string name, std::int64_t version) {
  co_return co_await asio::co_spawn(environment_.executor, after_refresh(std::move(name), version),
                                    asio::use_awaitable);
}

asio::awaitable<TokenKeeper::Usable> TokenKeeper::after_refresh(std::string name,
                                                                std::int64_t version) {
  auto flight = flight_of(name);
  if (!flight) {
    auto credential = found(name);
    if (!credential) co_return credential;
    const auto now = environment_.clock.now();
    const auto due = renewal_due(**credential, now);
    const bool was_renewed = (*credential)->version > version && (!due || *due > now);
    if (was_renewed) co_return credential;
    const auto failing = failing_.find(name);
    if (failing != failing_.end() && now < failing->second.not_before)
      co_return failing->second.error;
    if (stopping_)
      co_return Error{ErrorCode::unavailable, "the daemon is stopping", "start it again"};
    flight = begin_flight(name);
  }
  boost::system::error_code cancelled;
  if (!flight->has_landed)
    co_await flight->landed.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  if (!flight->has_landed) co_return Error{ErrorCode::unavailable, "nobody waits any more", ""};
  if (!flight->outcome) co_return flight->outcome.error();
  co_return found(name);
}

std::shared_ptr<TokenKeeper::Flight> TokenKeeper::flight_of(const std::string& name) const {
  const auto flying = flights_.find(name);
  return flying == flights_.end() ? nullptr : flying->second;
}

/// It may have landed when this returns.
std::shared_ptr<TokenKeeper::Flight> TokenKeeper::begin_flight(const std::string& name) {
  auto flight = std::make_shared<Flight>(environment_.executor);
  flights_.emplace(name, flight);
  tasks_.spawn(fly(name, flight));
  return flight;
}

asio::awaitable<void> TokenKeeper::fly(std::string name, std::shared_ptr<Flight> flight) {
  auto outcome = co_await refresh(name);
  if (outcome) {
    failing_.erase(name);
  } else {
    environment_.log.warning("no access token",
                             {{"credential", name}, {"why", outcome.error().message}});
  }
  flight->outcome = std::move(outcome);
  flight->has_landed = true;
  flights_.erase(name);
  flight->landed.cancel();
  watch();
}

asio::awaitable<Result<>> TokenKeeper::refresh(std::string name) {
  auto subject = this->subject(name);
  if (!subject) co_return subject.error();
  if (!subject->credential->field("refresh_token").empty())
    co_return co_await refresh_by_token(std::move(*subject));
  const auto grant = grant_of(subject->client());
  if (!needs_somebody(grant)) co_return co_await refresh_by_grant(std::move(*subject), grant);
  Refusal ended;
  ended.kind = Refusal::Kind::grant;
  ended.message = "its access token has ended, and there is no refresh token";
  co_return co_await refused(std::move(*subject), std::move(ended), false);
}

asio::awaitable<Result<>> TokenKeeper::refresh_by_token(Subject subject) {
  const bool was_cut_short = !subject.credential->field(kRefreshingSince).empty();
  vault::FieldChanges mark;
  mark[std::string(kRefreshingSince)] = vault::Secret(format_time(environment_.clock.now()));
  auto marked = co_await environment_.credentials.update(
      subject.credential->name, subject.credential->version, std::move(mark));
  if (!marked) co_return marked.error();
  subject.credential = *std::move(marked);
  auto request = refresh_request(subject.client());
  const auto result = co_await environment_.http.send(std::move(request));
  auto tokens = read_tokens(*subject.scheme, result, environment_.clock.now());
  if (tokens) co_return co_await store(subject, *tokens, std::nullopt);
  co_return co_await refused(std::move(subject), std::move(tokens.error()), was_cut_short);
}

asio::awaitable<Result<>> TokenKeeper::refresh_by_grant(Subject subject, Grant grant) {
  auto request =
      unattended_request(subject.client(), grant, environment_.clock.now(), environment_.random);
  if (!request) {
    Refusal unsigned_;
    unsigned_.kind = Refusal::Kind::client;
    unsigned_.message = request.error().message;
    co_return failed(subject.credential->name, unsigned_);
  }
  const auto result = co_await environment_.http.send(*std::move(request));
  auto tokens = read_tokens(*subject.scheme, result, environment_.clock.now());
  if (tokens) co_return co_await store(subject, *tokens, grant);
  co_return co_await refused(std::move(subject), std::move(tokens.error()), false);
}

/// Where the store cannot take them, the tokens go: the next refresh finds out whether the old
/// refresh token still works, and says so if not.
asio::awaitable<Result<>> TokenKeeper::store(const Subject& subject, const Tokens& tokens,
                                             std::optional<Grant> grant) {
  auto changes = changes_by(tokens, *subject.scheme, environment_.clock.now());
  if (grant) changes["grant"] = vault::Secret(name_of(*grant));
  const auto& credential = *subject.credential;
  const auto name = credential.name;
  const auto stored =
      co_await environment_.credentials.update(name, credential.version, std::move(changes));
  if (!stored) co_return stored.error();
  co_return Result<>();
}

/// What a credential is that got no token: one that needs a login where its grant holds no longer,
/// else one to try again.
asio::awaitable<Result<>> TokenKeeper::refused(Subject subject, Refusal refusal,
                                               bool was_cut_short) {
  const auto name = subject.credential->name;
  const bool is_over = refusal.kind == Refusal::Kind::grant;
  const bool is_unknown = refusal.kind == Refusal::Kind::temporary && refusal.is_unanswered;
  if (is_unknown) co_return failed(name, refusal);  // the mark stays
  vault::FieldChanges changes;
  changes[std::string(kRefreshingSince)];
  if (is_over) {
    if (was_cut_short) {
      refusal.message +=
          "; a refresh before it was cut short, so that its answer, with a newer token, is lost";
    }
    const auto problem = fmt::format("it needs a login (`tba-integrate credential login {}`): {}",
                                     name, refusal.message);
    changes[std::string(vault::kLoginProblem)] = vault::Secret(problem);
  }
  const auto stored = co_await environment_.credentials.update(name, subject.credential->version,
                                                               std::move(changes));
  if (!stored) co_return stored.error();
  if (is_over) co_return unusable(environment_.credentials, name);
  co_return failed(name, refusal);
}

/// Remembers for how long not to ask again.
Error TokenKeeper::failed(const std::string& name, const Refusal& refusal) {
  auto& failing = failing_[name];
  ++failing.times;
  failing.not_before = environment_.clock.now() + pause_after(failing.times, refusal.retry_after);
  const auto code =
      refusal.kind == Refusal::Kind::client ? ErrorCode::invalid : ErrorCode::unavailable;
  failing.error = {
      code, fmt::format("credential '{}' got no access token: {}", name, refusal.message), ""};
  return failing.error;
}

asio::awaitable<Result<>> TokenKeeper::obtain(std::string name, Grant grant) {
  auto subject = this->subject(name);
  if (!subject) co_return subject.error();
  failing_.erase(name);
  co_return co_await refresh_by_grant(std::move(*subject), grant);
}

asio::awaitable<Result<>> TokenKeeper::accept(std::string name, Grant grant, Tokens tokens) {
  const auto subject = this->subject(name);
  if (!subject) co_return subject.error();
  auto stored = co_await store(*subject, tokens, grant);
  if (!stored && stored.error().code == ErrorCode::conflict) {  // a refresh came between
    const auto again = this->subject(name);
    if (!again) co_return again.error();
    stored = co_await store(*again, tokens, grant);
  }
  failing_.erase(name);
  watch();
  co_return stored;
}

/// Sets the alarm for the refresh token that ends first.
void TokenKeeper::watch() {
  if (stopping_) return;
  std::optional<Instant> first;
  for (const auto& summary : environment_.credentials.list()) {
    if (summary.type != AuthScheme::Type::oauth2 || flights_.contains(summary.name)) continue;
    const auto credential = environment_.credentials.find(summary.name);
    auto due = credential ? keep_alive_due(*credential) : std::nullopt;
    if (!due) continue;
    const auto failing = failing_.find(summary.name);
    if (failing != failing_.end()) due = std::max(*due, failing->second.not_before);
    if (!first || *due < *first) first = due;
  }
  if (first) {
    environment_.alarm.set(*first, [this] { keep_alive(); });
  } else {
    environment_.alarm.clear();
  }
}

void TokenKeeper::keep_alive() {
  const auto now = environment_.clock.now();
  for (const auto& summary : environment_.credentials.list()) {
    if (summary.type != AuthScheme::Type::oauth2 || flights_.contains(summary.name)) continue;
    const auto credential = environment_.credentials.find(summary.name);
    const auto due = credential ? keep_alive_due(*credential) : std::nullopt;
    const auto failing = failing_.find(summary.name);
    const bool is_paused = failing != failing_.end() && now < failing->second.not_before;
    if (due && *due <= now && !is_paused) begin_flight(summary.name);
  }
  watch();
}

}  // namespace tba::auth
