#include "daemon/engine/run_feed.h"

#include <algorithm>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace tba::engine {

namespace asio = boost::asio;

/// How many writes wait for a slow watcher before they are dropped and it is told so.
constexpr std::size_t kLongestBacklog = 1000;

/// What is waiting for one subscription. The timer is touched on its executor only.
struct Mailbox {
  explicit Mailbox(const asio::any_io_executor& executor)
      : arrived(executor, asio::steady_timer::time_point::max()) {}

  std::mutex mutex;
  RunFeed::News news;
  asio::steady_timer arrived;
};

struct RunFeed::Watchers {
  mutable std::mutex mutex;
  std::unordered_multimap<RunId, std::shared_ptr<Mailbox>> by_run;
};

class RunFeed::Watcher final : public RunFeed::Subscription {
 public:
  Watcher(std::shared_ptr<Watchers> watchers, RunId run, std::shared_ptr<Mailbox> mailbox)
      : watchers_(std::move(watchers)), run_(run), mailbox_(std::move(mailbox)) {}

  ~Watcher() override {
    std::lock_guard lock(watchers_->mutex);
    const auto [first, last] = watchers_->by_run.equal_range(run_);
    const auto own =
        std::find_if(first, last, [&](const auto& entry) { return entry.second == mailbox_; });
    if (own != last) watchers_->by_run.erase(own);
  }

  asio::awaitable<News> next() override {
    for (;;) {
      {
        std::lock_guard lock(mailbox_->mutex);
        if (!mailbox_->news.writes.empty() || mailbox_->news.missed_some) {
          co_return std::exchange(mailbox_->news, News{});
        }
      }
      boost::system::error_code woken;
      co_await mailbox_->arrived.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
  }

 private:
  std::shared_ptr<Watchers> watchers_;
  RunId run_;
  std::shared_ptr<Mailbox> mailbox_;
};

RunFeed::RunFeed() : watchers_(std::make_shared<Watchers>()) {}
RunFeed::~RunFeed() = default;

std::unique_ptr<RunFeed::Subscription> RunFeed::watch(RunId run, asio::any_io_executor executor) {
  auto mailbox = std::make_shared<Mailbox>(executor);
  std::lock_guard lock(watchers_->mutex);
  watchers_->by_run.emplace(run, mailbox);
  return std::make_unique<Watcher>(watchers_, run, std::move(mailbox));
}

bool RunFeed::is_watched(RunId run) const {
  std::lock_guard lock(watchers_->mutex);
  return watchers_->by_run.contains(run);
}

void RunFeed::publish(RunId run, const std::vector<storage::Write>& writes) {
  std::lock_guard lock(watchers_->mutex);
  const auto [first, last] = watchers_->by_run.equal_range(run);
  for (auto entry = first; entry != last; ++entry) {
    const auto& mailbox = entry->second;
    {
      std::lock_guard mailbox_lock(mailbox->mutex);
      auto& news = mailbox->news;
      if (news.writes.size() + writes.size() > kLongestBacklog) {
        news.writes.clear();
        news.missed_some = true;
      }
      if (!news.missed_some) news.writes.insert(news.writes.end(), writes.begin(), writes.end());
    }
    asio::post(mailbox->arrived.get_executor(), [mailbox] { mailbox->arrived.cancel(); });
  }
}

}  // namespace tba::engine
