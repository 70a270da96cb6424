#include "daemon/auth/logins.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sodium.h>

#include "daemon/connectors/digest.h"
#include "daemon/http/form.h"
#include "daemon/vault/base64.h"
#include "shared/uri.h"

namespace tba::auth {

namespace asio = boost::asio;
using Grant = OAuth2Scheme::Grant;

namespace {

constexpr std::size_t kMostLogins = 100;
constexpr std::size_t kLongestUrl = 16 << 10;
constexpr std::chrono::minutes kTimeToAgree{10};
constexpr std::size_t kStateBytes = 16;
constexpr std::size_t kVerifierBytes = 32;  // RFC 7636, section 4.1

Error invalid(std::string message, std::string hint = {}) {
  return {ErrorCode::invalid, std::move(message), std::move(hint)};
}

/// RFC 8252, sections 7.3 and 8.3: without TLS only where nobody else can listen.
Result<> check_redirect_uri(std::string_view uri) {
  constexpr std::array<std::string_view, 3> kLocal{"http://127.0.0.1", "http://[::1]",
                                                   "http://localhost"};
  const bool is_local = std::ranges::any_of(kLocal, [&](std::string_view start) {
    return uri.starts_with(start) &&
           (uri.size() == start.size() || uri[start.size()] == ':' || uri[start.size()] == '/');
  });
  const bool is_fit = is_local || (uri.starts_with("https://") && uri.size() > 8);
  if (is_fit && uri.size() <= 2'000 && uri.find_first_of("#@ \r\n\t") == std::string_view::npos)
    return {};
  return invalid("the redirect URI is none that a login may come back to",
                 "https://…, or http://127.0.0.1:PORT/…");
}

bool is_equal(std::string_view left, std::string_view right) {
  return left.size() == right.size() && sodium_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::string field(const http::FormFields& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return {};
}

/// The fields that the far side has put behind the redirect URI.
Result<http::FormFields> fields_of(std::string_view url, std::string_view redirect_uri) {
  const auto problem = invalid(fmt::format(
      "this is not the URL that the login comes back to, which begins with {}?", redirect_uri));
  if (url.size() > kLongestUrl || !url.starts_with(redirect_uri)) return problem;
  url.remove_prefix(redirect_uri.size());
  url = url.substr(0, url.find('#'));
  const char separator = redirect_uri.find('?') == std::string_view::npos ? '?' : '&';
  if (!url.starts_with(separator)) return problem;
  auto fields = http::parse_form(url.substr(1));
  return fields ? fields : Result<http::FormFields>(problem);
}

Logins::Progress pending(std::string problem) {
  Logins::Progress progress;
  progress.problem = std::move(problem);
  return progress;
}

Error refused(const std::string& name, const Refusal& refusal) {
  const auto code =
      refusal.kind == Refusal::Kind::temporary ? ErrorCode::unavailable : ErrorCode::invalid;
  return {code,
          fmt::format("the login with credential '{}' brought no token: {}", name, refusal.message),
          ""};
}

std::string challenge_of(std::string_view verifier) {
  return vault::base64(*connectors::from_hex(connectors::sha256_hex(verifier)),
                       vault::Base64::url_safe);
}

std::string authorize_url(const Client& client, const std::string& redirect_uri,
                          const std::string& state, const std::string& verifier) {
  std::vector<std::pair<std::string, std::string>> query{
      {"response_type", "code"},
      {"client_id", std::string(client.credential.field("client_id"))},
      {"redirect_uri", redirect_uri},
      {"state", state}};
  if (auto scopes = scopes_of(client); !scopes.empty()) query.emplace_back("scope", scopes);
  if (!verifier.empty()) {
    query.emplace_back("code_challenge", challenge_of(verifier));
    query.emplace_back("code_challenge_method", "S256");
  }
  for (const auto& parameter : client.scheme.authorize_parameters) query.push_back(parameter);
  return with_query(filled_url(client.scheme.authorize_url, client), query);
}

}  // namespace

std::string Logins::random_text(std::size_t bytes) {
  std::string text(bytes, '\0');
  environment_.random.fill(std::as_writable_bytes(std::span(text)));
  return vault::base64(text, vault::Base64::url_safe);
}

void Logins::forget_old() {
  const auto now = environment_.clock.now();
  std::erase_if(logins_, [&](const auto& entry) { return entry.second.expires_at <= now; });
}

std::string Logins::keep(Login login) {
  auto id = random_text(kStateBytes);
  logins_.insert_or_assign(id, std::move(login));
  return id;
}

asio::awaitable<Result<Logins::Begun>> Logins::begin(std::string name, std::optional<Grant> grant,
                                                     std::string redirect_uri) {
  auto subject = this->subject(name);
  if (!subject) co_return subject.error();
  if (!grant) grant = grant_of(subject->client());
  if (!subject->scheme->has(*grant)) {
    co_return invalid(
        fmt::format("auth scheme '{}' of connector '{}' has no grant '{}'",
                    subject->credential->scheme, subject->connector->name, name_of(*grant)),
        fmt::format("it has: {}", fmt::join(names_of(subject->scheme->grants), ", ")));
  }
  forget_old();
  if (logins_.size() >= kMostLogins) {
    co_return Error{ErrorCode::limit_exceeded, "too many logins are under way",
                    "they end by themselves within minutes"};
  }
  if (*grant == Grant::authorization_code)
    co_return begin_in_browser(*subject, std::move(redirect_uri));
  if (*grant == Grant::device_code) co_return co_await begin_elsewhere(std::move(*subject));
  const auto obtained = co_await environment_.keeper.obtain(name, *grant);
  if (!obtained) co_return obtained.error();
  Begun done;
  done.grant = *grant;
  co_return done;
}

Result<Logins::Begun> Logins::begin_in_browser(const Subject& subject, std::string redirect_uri) {
  if (auto fits = check_redirect_uri(redirect_uri); !fits) return fits.error();
  Login login;
  login.credential = subject.credential->name;
  login.grant = Grant::authorization_code;
  login.state = random_text(kStateBytes);
  if (subject.scheme->pkce) login.verifier = random_text(kVerifierBytes);
  login.redirect_uri = std::move(redirect_uri);
  login.expires_at = environment_.clock.now() + kTimeToAgree;
  Begun begun;
  begun.url = authorize_url(subject.client(), login.redirect_uri, login.state, login.verifier);
  begun.expires_at = login.expires_at;
  begun.id = keep(std::move(login));
  return begun;
}

asio::awaitable<Result<Logins::Begun>> Logins::begin_elsewhere(Subject subject) {
  auto request = device_request(subject.client());
  const auto result = co_await environment_.http.send(std::move(request));
  const auto code = read_device_code(*subject.scheme, result, environment_.clock.now());
  if (!code) co_return refused(subject.credential->name, code.error());
  Login login;
  login.credential = subject.credential->name;
  login.grant = Grant::device_code;
  login.device = *code;
  login.next_poll = environment_.clock.now() + code->interval;
  login.expires_at = code->expires_at;
  Begun begun;
  begun.grant = Grant::device_code;
  begun.url = code->url;
  begun.complete_url = code->complete_url;
  begun.user_code = code->user_code;
  begun.interval = code->interval;
  begun.expires_at = code->expires_at;
  begun.id = keep(std::move(login));
  co_return begun;
}

asio::awaitable<Result<Logins::Progress>> Logins::go_on(std::string name, std::string id,
                                                        std::string redirected_to) {
  forget_old();
  const auto found = logins_.find(id);
  if (found == logins_.end() || found->second.credential != name) {
    co_return Error{ErrorCode::not_found, "there is no such login, or it took too long",
                    fmt::format("begin again: `tba-integrate credential login {}`", name)};
  }
  if (found->second.grant == Grant::device_code) co_return co_await poll(std::move(id));
  const auto fields = fields_of(redirected_to, found->second.redirect_uri);
  if (!fields) co_return pending(fields.error().message);
  if (!is_equal(field(*fields, "state"), found->second.state))
    co_return pending("this is the URL of another login, or of none");
  auto login = std::move(found->second);
  logins_.erase(found);  // it counts once, whatever comes of it
  co_return co_await redeem(std::move(login), std::move(redirected_to));
}

/// RFC 6749, section 4.1.3.
asio::awaitable<Result<Logins::Progress>> Logins::redeem(Login login, std::string redirected_to) {
  const auto fields = fields_of(redirected_to, login.redirect_uri).value();
  const auto code = field(fields, "code");
  if (code.empty()) {
    const auto description = field(fields, "error_description");
    co_return invalid(fmt::format("the login was refused: {}{}{}", field(fields, "error"),
                                  description.empty() ? "" : ", ", description));
  }
  const auto subject = this->subject(login.credential);
  if (!subject) co_return subject.error();
  Parameters parameters{{"grant_type", "authorization_code"},
                        {"code", code},
                        {"redirect_uri", login.redirect_uri},
                        {"code_verifier", login.verifier}};
  auto request = token_request(subject->client(), std::move(parameters));
  const auto result = co_await environment_.http.send(std::move(request));
  auto tokens = read_tokens(*subject->scheme, result, environment_.clock.now());
  if (!tokens) co_return refused(login.credential, tokens.error());
  auto accepted =
      co_await environment_.keeper.accept(login.credential, login.grant, std::move(*tokens));
  if (!accepted) co_return accepted.error();
  Progress done;
  done.is_done = true;
  co_return done;
}

/// RFC 8628, section 3.4.
asio::awaitable<Result<Logins::Progress>> Logins::poll(std::string id) {
  constexpr std::chrono::seconds kSlowDown{5};  // section 3.5
  auto& login = logins_.find(id)->second;
  if (environment_.clock.now() < login.next_poll) co_return Progress();
  login.next_poll = environment_.clock.now() + login.device.interval;
  const auto name = login.credential;
  const auto subject = this->subject(name);
  if (!subject) co_return subject.error();
  auto request = device_token_request(subject->client(), login.device.device_code);
  const auto result = co_await environment_.http.send(std::move(request));
  auto tokens = read_tokens(*subject->scheme, result, environment_.clock.now());
  const auto found = logins_.find(id);
  if (!tokens) {
    const auto kind = tokens.error().kind;
    const bool goes_on = kind == Refusal::Kind::pending || kind == Refusal::Kind::slow_down ||
                         kind == Refusal::Kind::temporary;
    if (kind == Refusal::Kind::slow_down && found != logins_.end()) {
      found->second.device.interval += kSlowDown;
      found->second.next_poll += kSlowDown;
    }
    if (goes_on) co_return Progress();
    if (found != logins_.end()) logins_.erase(found);
    co_return refused(name, tokens.error());
  }
  if (found != logins_.end()) logins_.erase(found);
  auto accepted = co_await environment_.keeper.accept(name, Grant::device_code, std::move(*tokens));
  if (!accepted) co_return accepted.error();
  Progress done;
  done.is_done = true;
  co_return done;
}

}  // namespace tba::auth
