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

bool can_be_kept(const net::HttpResponse& response) {
  if (response.status != 200) return false;
  if (!response.header("etag") && !response.header("last-modified")) return false;
  const auto* control = response.header("cache-control");
  const auto* vary = response.header("vary");
  return (!control || lower_case(*control).find("no-store") == std::string::npos) &&
         (!vary || *vary != "*");
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

KeptAnswers::Question KeptAnswers::ask(net::HttpRequest& request,
                                       const vault::Credential* credential) {
  Question question;
  if (request.method != "GET" || has_condition(request)) return question;
  question.key_ = key_of(request, credential);
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(question.key_);
  if (found == entries_.end()) return question;
  question.kept_ = found->second.response;
  used_.splice(used_.begin(), used_, found->second.used);
  if (const auto* tag = question.kept_->header("etag"))
    request.headers.emplace_back("If-None-Match", *tag);
  if (const auto* time = question.kept_->header("last-modified"))
    request.headers.emplace_back("If-Modified-Since", *time);
  return question;
}

net::HttpResponse KeptAnswers::settle(Question question, net::HttpResponse response) {
  constexpr int kNotModified = 304;
  if (question.key_.empty()) return response;
  if (response.status == kNotModified && question.kept_) {
    auto whole = renewed(*question.kept_, response);
    const std::lock_guard lock(mutex_);
    keep(question.key_, whole);
    whole.headers.emplace_back(kRevalidatedHeader, "true");
    return whole;
  }
  const std::lock_guard lock(mutex_);
  if (can_be_kept(response)) {
    keep(question.key_, response);
  } else if (response.status < 500) {
    forget(question.key_);
  }
  return response;
}

std::size_t KeptAnswers::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

void KeptAnswers::keep(const std::string& key, net::HttpResponse response) {
  forget(key);
  const auto bytes = bytes_of(response);
  if (bytes > most_bytes_ / kLeastEntries) return;
  used_.push_front(key);
  entries_[key] = {std::make_shared<const net::HttpResponse>(std::move(response)), bytes,
                   used_.begin()};
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
