#include "daemon/connectors/kept_answers.h"

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/connectors/digest.h"
#include "shared/lower_case.h"
#include "shared/uri.h"

namespace tba::connectors {
namespace {

/// Besides what it holds.
constexpr std::size_t kBytesPerEntry = 512;

/// A single answer may take one part in so many of all the room.
constexpr std::size_t kLeastEntries = 16;

constexpr std::array<std::string_view, 6> kConditions{
    "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range"};

/// Of an answer without a body: they say nothing of the one that was kept.
constexpr std::array<std::string_view, 4> kOfBody{"content-length", "content-encoding",
                                                  "content-type", "transfer-encoding"};

bool has_condition(const net::HttpRequest& request) {
  return std::ranges::any_of(request.headers, [](const auto& header) {
    return std::ranges::any_of(kConditions, [&](std::string_view name) {
      return equal_ignoring_case(header.first, name);
    });
  });
}

/// A hash of what the request asks for, and as whom.
std::string key_of(const net::HttpRequest& request, const vault::Credential* credential) {
  constexpr char kSeparator = '\n';  // in no URL and no header
  std::string text = request.url + kSeparator;
  if (credential) text += credential->id.text() + '/' + std::to_string(credential->version);
  for (const auto& [name, value] : request.headers) {
    text.append(1, kSeparator).append(lower_case(name)).append(":").append(value);
  }
  auto key = sha256_hex(text);
  vault::wipe(text);
  return key;
}

bool is_told(const net::HttpResponse& response, std::string_view directive) {
  return std::ranges::any_of(response.headers, [&](const auto& header) {
    return header.first == "cache-control" &&
           lower_case(header.second).find(directive) != std::string::npos;
  });
}

bool can_be_kept(const net::HttpResponse& response, const KeptAnswers::Terms& terms) {
  if (response.status != 200 || is_told(response, "no-store")) return false;
  const auto* vary = response.header("vary");
  if (vary && *vary == "*") return false;
  const bool can_be_asked_about = response.header("etag") || response.header("last-modified");
  return (terms.revalidate && can_be_asked_about) ||
         (terms.fresh_for > terms.fresh_for.zero() && !is_told(response, "no-cache"));
}

/// Whether an answer to what was asked then can do without asking. A clock that was set back makes
/// none young.
bool is_fresh(const net::HttpResponse& response, Instant asked_at,
              const KeptAnswers::Terms& terms) {
  return !terms.must_ask && asked_at <= terms.now && terms.now - asked_at < terms.fresh_for &&
         !is_told(response, "no-cache");
}

std::size_t bytes_of(const net::HttpResponse& response) {
  auto bytes = kBytesPerEntry + response.body.size();
  for (const auto& [name, value] : response.headers) bytes += name.size() + value.size();
  return bytes;
}

/// The kept answer, with what the new one says of it (RFC 9111 section 4.3.4).
net::HttpResponse renewed(const net::HttpResponse& kept, const net::HttpResponse& news) {
  auto response = kept;
  for (const auto& [name, value] : news.headers) {
    if (std::ranges::find(kOfBody, name) != kOfBody.end()) continue;
    std::erase_if(response.headers, [&](const auto& header) { return header.first == name; });
  }
  for (const auto& header : news.headers) {
    if (std::ranges::find(kOfBody, header.first) == kOfBody.end())
      response.headers.push_back(header);
  }
  return response;
}

}  // namespace

std::optional<net::HttpResponse> KeptAnswers::Question::answer() const {
  if (!is_fresh_) return std::nullopt;
  auto answer = *kept_;
  answer.headers.emplace_back(kKeptHeader, "fresh");
  return answer;
}

KeptAnswers::Question KeptAnswers::ask(net::HttpRequest& request,
                                       const vault::Credential* credential, const Terms& terms) {
  Question question;
  question.terms_ = terms;
  if (request.method != "GET" || has_condition(request)) return question;
  question.key_ = key_of(request, credential);
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(question.key_);
  if (found == entries_.end()) return question;
  const auto& [response, asked_at, bytes, used] = found->second;
  question.is_fresh_ = is_fresh(*response, asked_at, terms);
  if (!question.is_fresh_ && !terms.revalidate) return question;
  question.kept_ = response;
  used_.splice(used_.begin(), used_, used);
  if (question.is_fresh_) return question;
  if (const auto* tag = question.kept_->header("etag"))
    request.headers.emplace_back("If-None-Match", *tag);
  if (const auto* time = question.kept_->header("last-modified"))
    request.headers.emplace_back("If-Modified-Since", *time);
  return question;
}

net::HttpResponse KeptAnswers::settle(const Question& question, net::HttpResponse response) {
  constexpr int kNotModified = 304;
  if (question.key_.empty()) return response;
  if (response.status == kNotModified && question.kept_) {
    auto whole = renewed(*question.kept_, response);
    const std::lock_guard lock(mutex_);
    keep(question, whole);
    whole.headers.emplace_back(kKeptHeader, "revalidated");
    return whole;
  }
  const std::lock_guard lock(mutex_);
  if (can_be_kept(response, question.terms_)) {
    keep(question, response);
  } else if (response.status < 500) {
    forget(question.key_);
  }
  return response;
}

void KeptAnswers::drop(const Question& question) {
  const std::lock_guard lock(mutex_);
  forget(question.key_);
}

std::size_t KeptAnswers::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

void KeptAnswers::keep(const Question& question, net::HttpResponse response) {
  const auto& key = question.key_;
  forget(key);
  const auto bytes = bytes_of(response);
  if (bytes > most_bytes_ / kLeastEntries) return;
  used_.push_front(key);
  entries_[key] = {std::make_shared<const net::HttpResponse>(std::move(response)),
                   question.terms_.now, bytes, used_.begin()};
  bytes_ += bytes;
  while (bytes_ > most_bytes_) forget(std::string(used_.back()));
}

void KeptAnswers::forget(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  bytes_ -= found->second.bytes;
  used_.erase(found->second.used);
  entries_.erase(found);
}

}  // namespace tba::connectors
