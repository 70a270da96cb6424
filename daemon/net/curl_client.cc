#include "daemon/net/curl_client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <vector>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/file_descriptor.h"
#include "daemon/net/signals_blocked.h"
#include "daemon/net/transfer.h"
#include "daemon/net/turns.h"

namespace tba::net {

namespace {

using SteadyClock = std::chrono::steady_clock;
using TransferPointer = std::shared_ptr<Transfer>;

struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

constexpr std::string_view kStopping = "the daemon is stopping";

/// Handles kept for the next requests; each holds a few kilobytes.
constexpr std::size_t kMaxIdleHandles = 256;

/// What the environment says, and the machine itself, which no proxy reaches.
std::string hosts_without_proxy() {
  std::string hosts = "localhost,127.0.0.0/8,::1";
  for (const auto* name : {"no_proxy", "NO_PROXY"}) {
    if (const auto* more = std::getenv(name)) hosts.append(",").append(more);
  }
  return hosts;
}

}  // namespace

/// The client's thread: libcurl says which descriptors and which instant it waits for, epoll waits
/// for them. Requests and cancellations come in through two lists, with one wake-up for all that
/// gather while the thread is busy.
class CurlClient::Loop {
 public:
  explicit Loop(CurlClientOptions options)
      : options_(std::move(options)), turns_(options_.requests_to_origin, options_.requests) {}

  Result<> start();
  void stop();
  void submit(TransferPointer transfer);
  void cancel(TransferPointer transfer);

 private:
  static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void* known);
  static int on_timer(CURLM*, long milliseconds, void* self);

  void run();
  void wait();
  bool take();
  void begin_waiting();
  void begin(TransferPointer transfer);
  void perform(Transfer& transfer);
  void collect();
  void give_up(Transfer& transfer, HttpFailure::Kind kind, std::string_view why);
  TransferPointer forget(Transfer& transfer);
  void wake();

  const CurlClientOptions options_;
  const std::string unproxied_ = hosts_without_proxy();
  FileDescriptor epoll_;
  FileDescriptor wake_up_;
  std::thread thread_;

  std::mutex mutex_;  // Of the following.
  bool running_ = false;
  std::vector<TransferPointer> submitted_;
  std::vector<TransferPointer> cancelled_;

  // Of the thread, from here on.
  std::unique_ptr<CURLM, MultiDeleter> multi_;
  std::vector<Easy> idle_;
  Turns<TransferPointer> turns_;
  std::vector<TransferPointer> active_;           ///< Whose turn it is.
  std::optional<SteadyClock::time_point> alarm_;  ///< When libcurl wants to be called.
};

Result<> CurlClient::Loop::start() {
  const auto unavailable = [](std::string_view what) {
    return Error{ErrorCode::internal,
                 fmt::format("cannot start the HTTP client: {}: {}", what, std::strerror(errno)),
                 {}};
  };
  // Counted by libcurl, and never given back: other parts of the process may use it too.
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return Error{ErrorCode::internal, "cannot start the HTTP client: libcurl does not start", {}};
  }
  epoll_ = FileDescriptor(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_) return unavailable("epoll_create1");
  wake_up_ = FileDescriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_up_) return unavailable("eventfd");
  // Edge-triggered: each write is reported once, and nobody needs to read.
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.fd = wake_up_.get()}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_up_.get(), &event) != 0) {
    return unavailable("epoll_ctl");
  }
  multi_.reset(curl_multi_init());
  if (!multi_) return unavailable("curl_multi_init");
  const auto set = [&](CURLMoption option, auto value) {
    curl_multi_setopt(multi_.get(), option, value);
  };
  set(CURLMOPT_SOCKETFUNCTION, &Loop::on_socket);
  set(CURLMOPT_SOCKETDATA, this);
  set(CURLMOPT_TIMERFUNCTION, &Loop::on_timer);
  set(CURLMOPT_TIMERDATA, this);
  // Idle ones included. How many requests there are at a time turns_ knows: libcurl would go
  // through all that wait for a connection whenever one ends.
  set(CURLMOPT_MAXCONNECTS, static_cast<long>(options_.requests));
  {
    std::lock_guard lock(mutex_);
    running_ = true;
  }
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "tba-net");
  return {};
}

void CurlClient::Loop::stop() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    running_ = false;
  }
  wake();
  thread_.join();
}

/// On any thread.
void CurlClient::Loop::submit(TransferPointer transfer) {
  std::unique_lock lock(mutex_);
  if (!running_) {
    lock.unlock();
    transfer->complete(transfer->failure(HttpFailure::Kind::stopping, kStopping));
    return;
  }
  const bool idle = submitted_.empty() && cancelled_.empty();
  submitted_.push_back(std::move(transfer));
  lock.unlock();
  if (idle) wake();
}

/// On any thread.
void CurlClient::Loop::cancel(TransferPointer transfer) {
  std::unique_lock lock(mutex_);
  if (!running_) return;  // It is completed, or about to be.
  const bool idle = submitted_.empty() && cancelled_.empty();
  cancelled_.push_back(std::move(transfer));
  lock.unlock();
  if (idle) wake();
}

void CurlClient::Loop::wake() {
  constexpr std::uint64_t kOne = 1;
  // Fails only where the counter is full, and then the thread is woken already.
  [[maybe_unused]] const auto written = ::write(wake_up_.get(), &kOne, sizeof kOne);
}

void CurlClient::Loop::run() {
  bool running = true;
  while (running) {
    wait();
    running = take();
    begin_waiting();
    if (alarm_ && *alarm_ <= SteadyClock::now()) {
      alarm_.reset();
      int left = 0;
      curl_multi_socket_action(multi_.get(), CURL_SOCKET_TIMEOUT, 0, &left);
    }
    collect();
    begin_waiting();
  }
  for (const auto& transfer : turns_.take_waiting()) {
    if (!transfer->is_complete())
      transfer->complete(transfer->failure(HttpFailure::Kind::stopping, kStopping));
  }
  while (!active_.empty()) {
    give_up(*active_.back(), HttpFailure::Kind::stopping, kStopping);
  }
  idle_.clear();
  multi_.reset();
}

/// Until something is to be done; tells libcurl what its descriptors are ready for.
void CurlClient::Loop::wait() {
  int timeout = -1;
  if (alarm_) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(*alarm_ - SteadyClock::now()).count();
    timeout = static_cast<int>(std::clamp<decltype(left)>(left, 0, 60'000));
  }
  std::array<epoll_event, 256> events;
  const int ready =
      epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout);
  for (int i = 0; i < ready; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    if (event.data.fd == wake_up_.get()) continue;
    int what = 0;
    if (event.events & (EPOLLIN | EPOLLHUP)) what |= CURL_CSELECT_IN;
    if (event.events & EPOLLOUT) what |= CURL_CSELECT_OUT;
    if (event.events & EPOLLERR) what |= CURL_CSELECT_ERR;
    int left = 0;
    curl_multi_socket_action(multi_.get(), event.data.fd, what, &left);
  }
}

/// Takes what came in; false if the client is to stop.
bool CurlClient::Loop::take() {
  std::vector<TransferPointer> submitted, cancelled;
  bool running;
  {
    std::lock_guard lock(mutex_);
    submitted.swap(submitted_);
    cancelled.swap(cancelled_);
    running = running_;
  }
  for (auto& transfer : submitted) {
    const auto& origin = transfer->origin();
    turns_.add(origin, std::move(transfer));
  }
  for (const auto& transfer : cancelled) {
    if (transfer->is_complete()) continue;
    constexpr auto kKind = HttpFailure::Kind::cancelled;
    constexpr std::string_view kWhy = "it was cancelled";
    if (transfer->easy() != nullptr) {
      give_up(*transfer, kKind, kWhy);
    } else {
      transfer->complete(transfer->failure(kKind, kWhy));  // It is passed over in its turn.
    }
  }
  return running;
}

void CurlClient::Loop::begin_waiting() {
  while (auto transfer = turns_.next()) {
    if ((*transfer)->is_complete()) {
      turns_.end((*transfer)->origin());
    } else {
      begin(*std::move(transfer));
    }
  }
}

void CurlClient::Loop::begin(TransferPointer transfer) {
  Easy easy;
  if (idle_.empty() || transfer->needs_new_handle()) {
    easy = make_easy(options_.ca_file, unproxied_);
    if (!easy) throw std::bad_alloc();
  } else {
    easy = std::move(idle_.back());
    idle_.pop_back();
  }
  transfer->prepare(std::move(easy));
  transfer->position = active_.size();
  active_.push_back(std::move(transfer));
  perform(*active_.back());
}

void CurlClient::Loop::perform(Transfer& transfer) {
  if (curl_multi_add_handle(multi_.get(), transfer.easy()) != CURLM_OK) throw std::bad_alloc();
}

/// Completes what libcurl is done with.
void CurlClient::Loop::collect() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const auto code = message->data.result;
    char* address = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &address);
    auto& transfer = *reinterpret_cast<Transfer*>(address);
    curl_multi_remove_handle(multi_.get(), transfer.easy());
    if (auto result = transfer.conclude(code)) {
      const auto finished = forget(transfer);
      finished->complete(*std::move(result));
    } else {
      perform(transfer);
    }
  }
}

/// Ends a request that libcurl is still at.
void CurlClient::Loop::give_up(Transfer& transfer, HttpFailure::Kind kind, std::string_view why) {
  auto failure = transfer.failure(kind, why);
  curl_multi_remove_handle(multi_.get(), transfer.easy());
  forget(transfer)->complete(std::move(failure));
}

/// Takes the transfer off the list and keeps its handle.
TransferPointer CurlClient::Loop::forget(Transfer& transfer) {
  auto easy = transfer.release();
  if (easy && idle_.size() < kMaxIdleHandles) idle_.push_back(std::move(easy));
  auto& place = active_[transfer.position];
  active_.back()->position = transfer.position;
  std::swap(place, active_.back());
  auto forgotten = std::move(active_.back());
  active_.pop_back();
  turns_.end(forgotten->origin());
  return forgotten;
}

int CurlClient::Loop::on_socket(CURL*, curl_socket_t socket, int what, void* self, void* known) {
  auto& loop = *static_cast<Loop*>(self);
  if (what == CURL_POLL_REMOVE) {
    // Fails where it is closed already; then there is nothing to remove either.
    epoll_ctl(loop.epoll_.get(), EPOLL_CTL_DEL, socket, nullptr);
    return 0;
  }
  epoll_event event{.events = 0, .data = {.fd = socket}};
  if (what & CURL_POLL_IN) event.events |= EPOLLIN;
  if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
  const int operation = known == nullptr ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  // Where that fails the request runs into its timeout. To tell libcurl would end all requests.
  epoll_ctl(loop.epoll_.get(), operation, socket, &event);
  curl_multi_assign(loop.multi_.get(), socket, self);  // Marks it as known.
  return 0;
}

int CurlClient::Loop::on_timer(CURLM*, long milliseconds, void* self) {
  auto& alarm = static_cast<Loop*>(self)->alarm_;
  if (milliseconds < 0) {
    alarm.reset();
  } else {
    alarm = SteadyClock::now() + std::chrono::milliseconds(milliseconds);
  }
  return 0;
}

CurlClient::CurlClient(CurlClientOptions options)
    : loop_(std::make_shared<Loop>(std::move(options))) {}

CurlClient::~CurlClient() {
  stop();
}

Result<> CurlClient::start() {
  return loop_->start();
}

void CurlClient::stop() {
  loop_->stop();
}

boost::asio::awaitable<HttpResult> CurlClient::send(HttpRequest request) {
  namespace asio = boost::asio;
  const auto initiate = [](auto handler, std::shared_ptr<Loop> loop, HttpRequest sent) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    const asio::any_io_executor executor = asio::get_associated_executor(handler);
    auto transfer = std::make_shared<Transfer>(std::move(sent), executor, std::move(handler));
    if (auto objection = transfer->objection()) {
      transfer->complete(*std::move(objection));
      return;
    }
    if (slot.is_connected()) {
      slot.assign([weak_loop = std::weak_ptr(loop),
                   weak_transfer = std::weak_ptr(transfer)](asio::cancellation_type) {
        auto cancelled = weak_transfer.lock();
        const auto there = weak_loop.lock();
        if (cancelled && there) there->cancel(std::move(cancelled));
      });
    }
    loop->submit(std::move(transfer));
  };
  return asio::async_initiate<const asio::use_awaitable_t<>, void(HttpResult)>(
      initiate, asio::use_awaitable, loop_, std::move(request));
}

}  // namespace tba::net
