#include "daemon/net/curl_mailer.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "daemon/net/mail_transfer.h"
#include "daemon/net/origin.h"
#include "daemon/net/signals_blocked.h"
#include "daemon/net/turns.h"

namespace tba::net {

namespace asio = boost::asio;

namespace {

using MailHandler = asio::any_completion_handler<void(MailResult)>;

/// A request on its way.
struct Delivery {
  Delivery(MailRequest sent, asio::any_io_executor told_on, MailHandler told)
      : request(std::move(sent)),
        server(text_of(origin_of(request.url))),
        executor(std::move(told_on)),
        handler(std::move(told)) {}

  const MailRequest request;
  const std::string server;  ///< As text.
  asio::any_io_executor executor;
  MailHandler handler;
  std::atomic<bool> is_given_up = false;
  bool is_under_way = false;  ///< Guarded by the office's mutex.
  bool is_complete = false;   ///< Likewise.

  /// Posts the call of the handler. Once.
  void complete(MailResult result) {
    asio::post(executor, [called = std::move(handler), told = std::move(result)]() mutable {
      std::move(called)(std::move(told));
    });
  }
};

using DeliveryPointer = std::shared_ptr<Delivery>;

HttpFailure stopping() {
  return {HttpFailure::Kind::stopping, false, "mail is not sent: the daemon is stopping"};
}

}  // namespace

/// The requests that wait, and the threads that carry them out.
class CurlMailer::Office {
 public:
  explicit Office(CurlMailerOptions options)
      : options_(std::move(options)), turns_(options_.requests_to_server, options_.requests) {}

  void submit(DeliveryPointer delivery);
  void cancel(const DeliveryPointer& delivery);
  void stop();

 private:
  void work();
  void carry_out(std::unique_lock<std::mutex>& lock, DeliveryPointer delivery);

  const CurlMailerOptions options_;
  std::mutex mutex_;  // Of the following.
  std::condition_variable changed_;
  bool is_running_ = true;
  Turns<DeliveryPointer> turns_;
  std::set<DeliveryPointer> under_way_;
  std::size_t deliveries_ = 0;  // those that wait, and those under way
  std::vector<std::thread> threads_;
};

void CurlMailer::Office::submit(DeliveryPointer delivery) {
  const std::lock_guard lock(mutex_);
  if (!is_running_) {
    delivery->complete(stopping());
    return;
  }
  const auto server = delivery->server;
  turns_.add(server, std::move(delivery));
  if (threads_.size() >= std::min(++deliveries_, options_.requests)) {
    changed_.notify_one();
    return;
  }
  const SignalsBlocked blocked;
  threads_.emplace_back([this] { work(); });
  pthread_setname_np(threads_.back().native_handle(), "tba-mail");
}

void CurlMailer::Office::cancel(const DeliveryPointer& delivery) {
  const std::lock_guard lock(mutex_);
  delivery->is_given_up = true;
  if (delivery->is_under_way || std::exchange(delivery->is_complete, true)) return;
  // It is passed over in its turn.
  delivery->complete(HttpFailure{.kind = HttpFailure::Kind::cancelled,
                                 .sent = false,
                                 .message = "mail is not sent: it was cancelled",
                                 .begun = false});
}

void CurlMailer::Office::stop() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    is_running_ = false;
    for (const auto& delivery : turns_.take_waiting()) {
      if (!std::exchange(delivery->is_complete, true)) delivery->complete(stopping());
    }
    for (const auto& delivery : under_way_) delivery->is_given_up = true;
    threads.swap(threads_);
  }
  changed_.notify_all();
  for (auto& thread : threads) thread.join();
}

void CurlMailer::Office::work() {
  std::unique_lock lock(mutex_);
  while (is_running_) {
    if (auto next = turns_.next()) {
      carry_out(lock, *std::move(next));
    } else {
      changed_.wait(lock);
    }
  }
}

void CurlMailer::Office::carry_out(std::unique_lock<std::mutex>& lock, DeliveryPointer delivery) {
  if (!delivery->is_complete) {
    delivery->is_under_way = true;
    under_way_.insert(delivery);
    lock.unlock();
    auto result =
        MailTransfer(delivery->request, options_.ca_file, delivery->is_given_up).perform();
    lock.lock();
    under_way_.erase(delivery);
    delivery->is_complete = true;
    const bool is_cut_off = !result && result.error().kind == HttpFailure::Kind::cancelled;
    if (is_cut_off && !is_running_)
      result = HttpFailure{HttpFailure::Kind::stopping, result.error().sent, stopping().message};
    delivery->complete(std::move(result));
  }
  --deliveries_;
  turns_.end(delivery->server);
  changed_.notify_one();  // It may be another's turn now.
}

CurlMailer::CurlMailer(CurlMailerOptions options)
    : office_(std::make_shared<Office>(std::move(options))) {}

CurlMailer::~CurlMailer() {
  stop();
}

void CurlMailer::stop() {
  office_->stop();
}

asio::awaitable<MailResult> CurlMailer::send(MailRequest request) {
  const auto initiate = [](auto handler, std::shared_ptr<Office> office, MailRequest sent) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    const asio::any_io_executor executor = asio::get_associated_executor(handler);
    auto delivery = std::make_shared<Delivery>(std::move(sent), executor, std::move(handler));
    if (auto objection = MailTransfer::objection(delivery->request)) {
      delivery->complete(*std::move(objection));
      return;
    }
    if (slot.is_connected()) {
      slot.assign([weak_office = std::weak_ptr(office),
                   weak_delivery = std::weak_ptr(delivery)](asio::cancellation_type) {
        const auto cancelled = weak_delivery.lock();
        const auto there = weak_office.lock();
        if (cancelled && there) there->cancel(cancelled);
      });
    }
    office->submit(std::move(delivery));
  };
  return asio::async_initiate<const asio::use_awaitable_t<>, void(MailResult)>(
      initiate, asio::use_awaitable, office_, std::move(request));
}

}  // namespace tba::net
