#include "daemon/connectors/rate_limiter.h"

#include <algorithm>

#include "daemon/connectors/answer_program.h"
#include "daemon/connectors/digest.h"
#include "daemon/connectors/told_count.h"
#include "shared/value/json.h"

namespace tba::connectors {
namespace {

using namespace std::chrono_literals;

/// How often counts that say nothing any more are looked for.
constexpr Duration kForgetting = 1min;

/// A count that is closed for a shorter time opens by itself while a daemon starts.
constexpr Duration kWorthWriting = 10s;

/// Answers of one window, or to requests that were under way together, differ by so much.
constexpr Duration kSameInstant = 2s;

/// Between the parts of a key; in none of them.
constexpr char kSeparator = '\x1f';

bool applies(const RateLimit& limit, const Endpoint& endpoint) {
  const auto& named = endpoint.rate_limits;
  if (named.empty()) return !limit.only_where_named;
  return std::ranges::find(named, limit.name) != named.end();
}

/// Whether the limit is why an answer asks to come later.
bool is_blamed(const RateLimit& limit, const Value& answer) {
  return !limit.blamed_when || holds(limit.blamed_when, answer);
}

/// What the limit has a count of its own for, in this call.
std::string key_of(const RateLimiter::Call& call, const RateLimit& limit) {
  std::string key = call.connector.name + kSeparator + limit.name;
  const auto add = [&](std::string_view part) { key.append(1, kSeparator).append(part); };
  for (const auto& parameter : limit.parameters) {
    const auto* value = call.parameters.find(parameter);
    add(value ? to_json(*value) : std::string());
  }
  for (const auto scope : limit.by) {
    const bool is_credential = scope == RateLimit::Scope::credential;
    add(is_credential ? call.credential : std::string_view(call.endpoint.id));
  }
  return key;
}

/// The key without what it ends with.
std::string_view without_last(std::string_view key) {
  return key.substr(0, key.rfind(kSeparator));
}

}  // namespace

std::variant<RateLimiter::Permit, Instant> RateLimiter::ask(const Call& call, Instant now) {
  const std::lock_guard lock(mutex_);
  forget_idle(now);
  Permit permit;
  auto turn = now;
  RateBucket* latest = nullptr;
  for (const auto& limit : call.connector.rate_limits) {
    if (!applies(limit, call.endpoint)) continue;
    auto key = key_of(call, limit);
    auto bucket = bucket_of(key);
    auto& count = bucket_for(bucket, key);
    permit.counts_.push_back({&limit, std::move(key), std::move(bucket)});
    count.know(limit.requests, limit.per, limit.is_told());
    const auto its_turn = count.turn(now);
    if (its_turn <= turn) continue;
    turn = its_turn;
    latest = &count;
  }
  if (latest) {
    latest->reserve(turn);
    return turn;
  }
  for (const auto& count : permit.counts_) buckets_[count.bucket].count(now);
  permit.given_at_ = now;
  return permit;
}

std::vector<RateLimiter::Closed> RateLimiter::answered(
    const Permit& permit, const net::HttpResponse& response, const Value& answer, bool limited,
    std::optional<std::chrono::milliseconds> retry_after, Instant now) {
  const std::lock_guard lock(mutex_);
  std::vector<Closed> closed;
  for (const auto& count : permit.counts_) {
    const auto told = told_count(*count.limit, response, now);
    auto& bucket = buckets_[named_bucket(count, response)];
    auto& counted = buckets_[count.bucket];
    if (&bucket != &counted) {
      counted.moved_away();
      bucket.know(count.limit->requests, count.limit->per, count.limit->is_told());
      bucket.count(now);
    }
    bucket.answered(&told, now);
    if (!limited) {
      bucket.let_pass();
    } else if (is_blamed(*count.limit, answer)) {
      if (retry_after) {
        bucket.block(now + *retry_after);
      } else if (told.remaining != 0 || !told.reset_at) {
        bucket.block_blindly(now);
      }
    }
    const auto until = bucket.closed_until(now);
    if (!until || *until - now < kWorthWriting) continue;
    auto& told_until = told_[count.key];
    if (*until - told_until < kSameInstant) continue;
    told_until = *until;
    closed.push_back({sha256_hex(count.key), *until});
  }
  return closed;
}

void RateLimiter::recall(Closed closed) {
  const std::lock_guard lock(mutex_);
  recalled_[std::move(closed.key)] = closed.until;
}

/// The count of that key, with what was known of it before.
RateBucket& RateLimiter::bucket_for(const std::string& bucket, const std::string& key) {
  auto& count = buckets_[bucket];
  if (recalled_.empty()) return count;
  if (const auto recalled = recalled_.find(sha256_hex(key)); recalled != recalled_.end()) {
    count.block(recalled->second);
    recalled_.erase(recalled);
  }
  return count;
}

void RateLimiter::unanswered(const Permit& permit, bool sent, Instant now) {
  const std::lock_guard lock(mutex_);
  for (const auto& count : permit.counts_) {
    auto& bucket = buckets_[count.bucket];
    if (sent) {
      bucket.answered(nullptr, now);
    } else {
      bucket.take_back(permit.given_at_);
    }
  }
}

std::string RateLimiter::bucket_of(const std::string& key) const {
  const auto named = named_.find(key);
  return named != named_.end() ? named->second : key;
}

/// The bucket that the answer names, which the key stands for from now on. An endpoint's own count
/// becomes one that all have whose answers name the same.
std::string RateLimiter::named_bucket(const Permit::Count& count,
                                      const net::HttpResponse& response) {
  const auto& header = count.limit->bucket_header;
  const auto* name = header.empty() ? nullptr : response.header(header);
  if (!name) return count.bucket;
  const bool is_by_endpoint =
      !count.limit->by.empty() && count.limit->by.back() == RateLimit::Scope::endpoint;
  std::string bucket(is_by_endpoint ? without_last(count.key) : std::string_view(count.key));
  bucket.append(2, kSeparator).append(*name);
  named_[count.key] = bucket;
  return bucket;
}

void RateLimiter::forget_idle(Instant now) {
  if (now < forgot_at_ + kForgetting) return;
  forgot_at_ = now;
  std::erase_if(buckets_, [&](const auto& entry) { return entry.second.is_idle(now); });
  std::erase_if(recalled_, [&](const auto& entry) { return entry.second <= now; });
  std::erase_if(told_, [&](const auto& entry) { return entry.second <= now; });
  std::erase_if(named_, [&](const auto& entry) { return !buckets_.contains(entry.second); });
}

}  // namespace tba::connectors
