#include "daemon/steps/cassette_record.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "daemon/steps/cassette_replay.h"
#include "daemon/steps/outcomes.h"
#include "shared/size.h"
#include "shared/uri.h"
#include "shared/value/json.h"
#include "shared/value/utf8.h"

namespace tba::steps {
namespace {

/// The most that parameters and answer may take as JSON: people are to read cassettes.
constexpr std::size_t kMostBytes = 512 << 10;
constexpr std::size_t kLongestName = 60;

/// Another time at which it is looked whether a call is still taken the same way.
constexpr std::chrono::hours kLater{1};

/// Headers of answers that are never recorded: of the moment, of the connection, or for one client.
constexpr std::array<std::string_view, 15> kFleetingHeaders{
    "age",           "authentication-info", "connection",         "date",
    "expires",       "keep-alive",          "proxy-authenticate", "proxy-authentication-info",
    "server-timing", "set-cookie",          "set-cookie2",        "tba-kept",
    "trailer",       "transfer-encoding",   "www-authenticate",
};

/// Headers of requests that are recorded only where what they hold is masked.
constexpr std::array<std::string_view, 3> kSecretHeaders{"authorization", "cookie",
                                                         "proxy-authorization"};

bool is_among(std::string_view name, const auto& names) {
  return std::ranges::any_of(
      names, [&](std::string_view each) { return equal_ignoring_case(name, each); });
}

/// Whether it may stand where a file of cassettes has text.
bool is_writable(std::string_view text) {
  return find_invalid_utf8(text) == std::string_view::npos &&
         text.find("${{") == std::string_view::npos;
}

/// The value without live secrets; nothing where one of them is no text, so that there is nothing
/// to put into its place.
std::optional<Value> masked(const Value& value, const vault::LiveSecrets& live_secrets) {
  auto text = to_json(value);
  if (!live_secrets.mask(text)) return value;
  auto read = parse_json(text);
  return read ? std::optional(*std::move(read)) : std::nullopt;
}

/// What a step makes of an answer, as a cassette says it.
struct Meaning {
  std::optional<Value> result;
  std::optional<Cassette::Failure> failure;

  bool operator==(const Meaning&) const = default;
};

Meaning meaning_of(const engine::AttemptOutcome& outcome) {
  if (!outcome.failure) return {*outcome.result.find("body"), {}};
  Cassette::Failure failure{outcome.failure->kind, outcome.failure->message, {}};
  if (outcome.retry_after)
    failure.retry_after = std::chrono::duration<double>(*outcome.retry_after).count();
  return {{}, std::move(failure)};
}

/// "username=octocat, 404": what tells the call from others of its endpoint, which it is called by
/// where that is nothing.
std::string name_of(const Cassette& cassette) {
  std::string name;
  for (const auto& [parameter, value] : cassette.parameters.members()) {
    name += fmt::format("{}{}={}", name.empty() ? "" : ", ", parameter,
                        value.is_string() ? std::string(value.as_string()) : to_json(value));
  }
  if (name.size() > kLongestName) name = shortened(std::move(name), kLongestName) + "…";
  if (const int status = cassette.answer->status; status >= 400)
    name += fmt::format("{}{}", name.empty() ? "" : ", ", status);
  return name.empty() || !is_writable(name) ? cassette.endpoint : name;
}

/// A cassette in the making.
class Recording {
 public:
  Recording(const Connector& connector, Instant now) : connector_(connector), now_(now) {}

  Result<Cassette> record(const AnsweredCall& call, Value parameters, const Value& answer);

 private:
  Error refusal(std::string_view why) const {
    return {ErrorCode::invalid, fmt::format("{}/{}: {}", connector_.name, cassette_.endpoint, why),
            ""};
  }
  Meaning meaning(Instant now) const {
    return meaning_of(*replay(connector_, cassette_, now).outcome);
  }
  void put_request(const Value& request);
  void put_answer(const Value& answer);
  Result<> drop_headers();
  Result<> put_meaning();
  Result<> check_text() const;

  const Connector& connector_;
  Instant now_;
  Cassette cassette_;
};

void Recording::put_request(const Value& request) {
  const auto& url = *request.find("url");
  cassette_.request.method = std::string(request.find("method")->as_string());
  if (is_writable(url.as_string())) cassette_.request.url = std::string(url.as_string());
  cassette_.request.body = *request.find("body");
  for (const auto& [name, value] : request.find("headers")->members()) {
    const bool is_masked = value.as_string().find(vault::LiveSecrets::kMask) != std::string::npos;
    if (is_writable(value.as_string()) && (is_masked || !is_among(name, kSecretHeaders)))
      cassette_.request.headers.emplace_back(name, value.as_string());
  }
}

/// The answer with all its headers. Text that would be read as JSON is written as JSON.
void Recording::put_answer(const Value& answer) {
  auto& written = cassette_.answer.emplace();
  written.status = static_cast<int>(answer.find("status")->as_integer());
  for (const auto& [name, value] : answer.find("headers")->members())
    written.headers.emplace_back(name, value.as_string());
  const auto& body = *answer.find("body");
  written.body = body;
  const auto read_back = response_value(response_of(written));
  if (!(*read_back.find("body") == body)) written.body = Value::string(to_json(body));
}

/// Leaves only those headers that change what the answer means.
Result<> Recording::drop_headers() {
  const auto wanted = meaning(now_);
  auto& headers = cassette_.answer->headers;
  std::erase_if(headers, [](const auto& header) {
    return is_among(header.first, kFleetingHeaders) || !is_writable(header.second);
  });
  const auto candidates = std::exchange(headers, {});
  if (meaning(now_) == wanted) return {};
  headers = candidates;
  if (!(meaning(now_) == wanted)) {
    return refusal(
        "what a step makes of the answer depends on a header that is not recorded, such as Date "
        "or Set-Cookie");
  }
  for (const auto& candidate : candidates) {
    const auto before = headers;
    std::erase(headers, candidate);
    if (!(meaning(now_) == wanted)) headers = before;
  }
  return {};
}

/// What does not change with the clock.
Result<> Recording::put_meaning() {
  auto now = meaning(now_);
  const auto later = meaning(now_ + kLater);
  const auto kind_of = [](const Meaning& each) {
    return each.failure ? each.failure->kind : std::nullopt;
  };
  if (kind_of(now) != kind_of(later))
    return refusal("whether the answer tells of a failure depends on what time it is");
  if (now.result == later.result) cassette_.result = std::move(now.result);
  if (!now.failure) return {};
  auto& [kind, message, retry_after] = *now.failure;
  if (message != later.failure->message || !is_writable(*message)) message.reset();
  if (retry_after != later.failure->retry_after) retry_after.reset();
  cassette_.failure = std::move(now.failure);
  return {};
}

/// Whether a file says of it what it is: there are values that none can, such as text with the mark
/// of an expression.
Result<> Recording::check_text() const {
  const auto text = with_cassette("", as_value(cassette_));
  if (!text) return text.error();
  Diagnostics diagnostics;
  const auto read = read_cassettes("cassettes", *text, connector_, diagnostics);
  if (!read) return refusal("no cassette can hold it: " + diagnostics.items().front().message);
  if (read->size() != 1 || !(as_value(read->front()) == as_value(cassette_)))
    return refusal("no cassette can hold it: a file would say something else");
  return {};
}

Result<Cassette> Recording::record(const AnsweredCall& call, Value parameters,
                                   const Value& answer) {
  cassette_.endpoint = call.endpoint;
  cassette_.parameters = std::move(parameters);
  const auto* scheme = connector_.scheme(call.scheme);
  if (scheme && is_repeatable(*scheme)) cassette_.auth = scheme->name;
  const auto made = replay(connector_, cassette_, now_);
  if (made.request.is_null())
    return refusal("the call cannot be made again: " + made.outcome->failure->message);
  put_answer(answer);
  cassette_.name = name_of(cassette_);
  put_request(made.request);
  if (auto dropped = drop_headers(); !dropped) return dropped.error();
  if (auto put = put_meaning(); !put) return put.error();
  if (auto kept = check_text(); !kept) return kept.error();
  return std::move(cassette_);
}

}  // namespace

Result<Cassette> record_cassette(const Connector& connector, const AnsweredCall& call,
                                 const vault::LiveSecrets& live_secrets, Instant now) {
  const auto refusal = [&](std::string_view why, ErrorCode code = ErrorCode::invalid) {
    return Error{code, fmt::format("{}/{}: {}", connector.name, call.endpoint, why), ""};
  };
  const auto& body = *call.answer.find("body");
  if (body.is_string() && find_invalid_utf8(body.as_string()) != std::string_view::npos)
    return refusal("the body of the answer is no text (UTF-8), which is all that cassettes hold");
  const auto bytes = to_json(call.parameters).size() + to_json(body).size();
  if (bytes > kMostBytes) {
    return refusal(fmt::format("parameters and answer take {}, and a cassette holds at most {}",
                               format_size(bytes), format_size(kMostBytes)),
                   ErrorCode::limit_exceeded);
  }
  auto parameters = masked(call.parameters, live_secrets);
  const auto answer = masked(call.answer, live_secrets);
  if (!parameters || !answer)
    return refusal("a number in it is a secret, which nothing can be put in the place of");
  return Recording(connector, now).record(call, *std::move(parameters), *answer);
}

}  // namespace tba::steps
