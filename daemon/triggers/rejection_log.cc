#include "daemon/triggers/rejection_log.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace tba::triggers {

namespace asio = boost::asio;

namespace {

/// What a record keeps of each text: whoever sends rubbish must not fill the disk.
constexpr std::size_t kLongestText = 500;

}  // namespace

asio::awaitable<void> RejectionLog::add(std::string path, std::string peer, int status,
                                        std::string reason) {
  const auto now = clock_.now();
  if (!is_due(now)) {
    ++left_out_;
    co_return;
  }
  storage::Rejection rejection;
  rejection.at = now;
  rejection.path = path.substr(0, kLongestText);
  rejection.peer = std::move(peer);
  rejection.status = status;
  rejection.reason = reason.substr(0, kLongestText);
  if (const auto more = std::exchange(left_out_, 0); more > 0)
    rejection.reason += fmt::format(" ({} more were turned away since the record before)", more);
  storage::Change change;
  change.writes.emplace_back(storage::AddRejection{std::move(rejection)});
  co_await store_.submit(std::move(change));
}

/// The generic cell rate algorithm (ITU-T I.371): as a bucket of tokens, in one variable.
bool RejectionLog::is_due(Instant now) {
  constexpr auto kAhead = kBurst * kInterval;
  if (paid_until_ > now + kAhead) paid_until_ = now;  // the clock was set back
  if (paid_until_ > now + kAhead - kInterval) return false;
  paid_until_ = std::max(paid_until_, now) + kInterval;
  return true;
}

}  // namespace tba::triggers
