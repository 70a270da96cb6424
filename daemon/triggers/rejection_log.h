#pragma once

#include <cstdint>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "daemon/storage/store.h"
#include "shared/clock.h"

namespace tba::triggers {

/// Records requests that were turned away, as many as are of use to whoever reads the record:
/// kBurst at once, and one every kInterval from then on. So a sender of rubbish keeps neither the
/// store busy nor the disk, and what is worth storing does not wait for it. The rest is counted,
/// and the next record says how many there were.
class RejectionLog {
 public:
  static constexpr int kBurst = 200;
  static constexpr std::chrono::milliseconds kInterval{10};

  /// Both must outlive the log.
  RejectionLog(storage::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  /// Completes when the record is stored, or at once where there is to be none. A store that cannot
  /// write now loses it.
  boost::asio::awaitable<void> add(std::string path, std::string peer, int status,
                                   std::string reason);

 private:
  bool is_due(Instant now);

  storage::Store& store_;
  const Clock& clock_;
  Instant paid_until_{};  // each record moves it on by kInterval, from now at the earliest
  std::uint64_t left_out_ = 0;
};

}  // namespace tba::triggers
