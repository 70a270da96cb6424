#include "daemon/steps/process.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <mutex>
#include <optional>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <sys/wait.h>

#include "daemon/steps/child.h"

namespace tba::steps {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Handler = asio::any_completion_handler<void(Result<ProcessResult>)>;

/// How long the output of what an ended program left behind is waited for.
constexpr std::chrono::seconds kLinger{1};

/// One program from its start to its end. Everything but the start happens on a strand of the
/// awaiting coroutine's executor; kept alive by what it waits for.
class Execution : public std::enable_shared_from_this<Execution> {
 public:
  Execution(ProcessRequest request, LineHandler on_line, asio::any_io_executor executor,
            Handler handler)
      : request_(std::move(request)),
        on_line_(std::move(on_line)),
        executor_(std::move(executor)),
        handler_(std::move(handler)),
        strand_(asio::make_strand(executor_)) {}

  /// Starts the program on that thread. On any thread.
  void begin(asio::thread_pool& spawner) {
    asio::post(spawner, [self = shared_from_this()]() mutable {
      auto child = spawn(self->request_);
      // This thread must not be the last to hold it: its descriptors belong to the executor.
      const auto executor = self->executor_;
      asio::post(executor, [self = std::move(self), child = std::move(child)]() mutable {
        asio::dispatch(self->strand_, [self, child = std::move(child)]() mutable {
          self->started(std::move(child));
        });
      });
    });
  }

  /// On any thread.
  void cancel() {
    asio::dispatch(strand_, [self = shared_from_this()] { self->terminate(); });
  }

  /// Requires: not called before.
  void complete(Result<ProcessResult> result) {
    asio::post(executor_, [handler = std::move(handler_), result = std::move(result)]() mutable {
      std::move(handler)(std::move(result));
    });
  }

 private:
  /// What the program writes.
  struct Output {
    Output(bool standard_error, const asio::strand<asio::any_io_executor>& strand)
        : is_stderr(standard_error), pipe(strand) {}

    const bool is_stderr;
    asio::posix::stream_descriptor pipe;
    std::array<char, 16 << 10> buffer{};
    std::string text;
    std::size_t reported = 0;  ///< Bytes of `text` given to on_line.
    std::size_t searched = 0;  ///< Bytes of `text` in which no further line ends.
    bool ended = false;
  };

  void started(Result<Child> child) {
    if (!child) return complete(child.error());
    id_ = child->id;
    error_code failed;
    const auto take = [&](asio::posix::stream_descriptor& ours, FileDescriptor& theirs) {
      if (!failed) ours.assign(theirs.get(), failed);
      if (!failed) static_cast<void>(theirs.release());
    };
    take(handle_, child->handle);
    take(in_, child->in);
    take(out_.pipe, child->out);
    take(err_.pipe, child->err);
    if (failed) {
      end();
      return complete(
          Error{ErrorCode::unavailable,
                "cannot watch the program '" + request_.command.front() + "': " + failed.message(),
                {}});
    }
    begin_input();
    read(out_);
    read(err_);
    handle_.async_wait(asio::posix::descriptor_base::wait_read,
                       [self = shared_from_this()](error_code) {
                         if (!self->finished_) self->exited();
                       });
    if (cancelled_) terminate();
  }

  void begin_input() {
    if (const auto& more = request_.more_input) {
      more->on_more([weak = weak_from_this()] {
        if (const auto self = weak.lock())
          asio::dispatch(self->strand_, [self] { self->write_input(); });
      });
    }
    write_input();
  }

  void write_input() {
    if (writing_ || !in_.is_open()) return;
    auto& bytes = request_.input;
    const auto& more = request_.more_input;
    if (bytes.empty() && more) bytes = more->take();
    if (bytes.empty()) {
      if (!more || more->is_closed()) close(in_);
      return;
    }
    writing_ = true;
    asio::async_write(in_, asio::buffer(bytes),
                      [self = shared_from_this()](error_code failed, std::size_t) {
                        self->writing_ = false;
                        self->request_.input.clear();
                        // The program does not read all of it, which is its own business.
                        if (failed) return close(self->in_);
                        self->write_input();
                      });
  }

  void read(Output& output) {
    output.pipe.async_read_some(
        asio::buffer(output.buffer),
        [self = shared_from_this(), &output](error_code failed, std::size_t count) {
          if (self->finished_) return;
          self->take(output, std::string_view(output.buffer.data(), count));
          if (!failed) return self->read(output);
          self->report_lines(output, true);
          output.ended = true;
          if (self->exited_) self->finish_if_silent();
        });
  }

  void take(Output& output, std::string_view bytes) {
    if (request_.only_reports_output) return report(output, bytes);
    const auto room = request_.max_output_bytes - output.text.size();
    result_.truncated = result_.truncated || bytes.size() > room;
    output.text.append(bytes.substr(0, room));
    report_lines(output, false);
  }

  void report(Output& output, std::string_view bytes) {
    if (!on_line_) return;
    output.text.append(bytes);
    report_lines(output, false);
    output.text.erase(0, output.reported);
    output.searched = std::max(output.searched, output.reported) - output.reported;
    output.reported = 0;
  }

  void report_lines(Output& output, bool at_end) {
    if (!on_line_) return;
    const auto longest = output.is_stderr ? kMaxLineBytes : request_.max_line_bytes;
    const std::string_view text = output.text;
    while (output.reported < text.size()) {
      const auto end =
          std::min(text.find('\n', std::max(output.searched, output.reported)), text.size());
      output.searched = end;
      const auto length = end - output.reported;
      if (length > longest) {
        on_line_(output.is_stderr, text.substr(output.reported, longest));
        output.reported += longest;
      } else if (end < text.size() || at_end) {
        on_line_(output.is_stderr, text.substr(output.reported, length));
        output.reported = std::min(end + 1, text.size());
      } else {
        return;
      }
    }
  }

  void terminate() {
    cancelled_ = true;
    if (id_ < 0 || finished_ || terminating_) return;
    if (exited_) return finish();
    terminating_ = true;
    ::kill(-id_, SIGTERM);
    after(request_.grace, [this] { ::kill(-id_, SIGKILL); });
  }

  /// The program has ended, but is not reaped: its id still names it, and its group.
  void exited() {
    exited_ = true;
    close(in_);
    after(kLinger, [this] { finish(); });
    finish_if_silent();
  }

  void finish_if_silent() {
    if (out_.ended && err_.ended) finish();
  }

  void finish() {
    if (finished_) return;
    report_lines(out_, true);
    report_lines(err_, true);
    const auto status = end();
    if (status.si_code == CLD_EXITED) {
      result_.exit_code = status.si_status;
    } else {
      result_.signal = status.si_status;
    }
    result_.out = std::move(out_.text);
    result_.err = std::move(err_.text);
    complete(std::move(result_));
  }

  /// Kills what is left of the group, reaps the program and lets go of everything.
  siginfo_t end() {
    finished_ = true;
    ::kill(-id_, SIGKILL);
    siginfo_t status{};
    ::waitid(P_PID, static_cast<id_t>(id_), &status, WEXITED);
    timer_.cancel();
    for (auto* descriptor : {&handle_, &in_, &out_.pipe, &err_.pipe}) close(*descriptor);
    return status;
  }

  template <class Action>
  void after(std::chrono::milliseconds time, Action action) {
    timer_.expires_after(time);  // Takes the place of what was waited for before.
    timer_.async_wait([self = shared_from_this(), action](error_code failed) {
      if (!failed && !self->finished_) action();
    });
  }

  static void close(asio::posix::stream_descriptor& descriptor) {
    error_code ignored;
    descriptor.close(ignored);
  }

  ProcessRequest request_;
  LineHandler on_line_;
  asio::any_io_executor executor_;
  Handler handler_;
  asio::strand<asio::any_io_executor> strand_;

  pid_t id_ = -1;
  asio::posix::stream_descriptor handle_{strand_};
  asio::posix::stream_descriptor in_{strand_};
  Output out_{false, strand_};
  Output err_{true, strand_};
  asio::steady_timer timer_{strand_};
  ProcessResult result_;
  bool writing_ = false;
  bool cancelled_ = false;
  bool terminating_ = false;  // it got its SIGTERM; being cancelled again gives it no more time
  bool exited_ = false;
  bool finished_ = false;
};

}  // namespace

void ProcessInput::write(std::string_view bytes) {
  bytes_ += bytes;
  if (listener_) listener_();
}

void ProcessInput::close() {
  is_closed_ = true;
  if (listener_) listener_();
}

class SystemProcessRunner::Spawner {
 public:
  void start() {
    std::lock_guard lock(mutex_);
    thread_ = std::make_unique<asio::thread_pool>(1);
  }

  void stop() {
    std::unique_lock lock(mutex_);
    const auto thread = std::move(thread_);
    lock.unlock();
    if (thread) thread->join();
  }

  void begin(Execution& execution) {
    std::lock_guard lock(mutex_);
    if (thread_) return execution.begin(*thread_);
    execution.complete(
        Error{ErrorCode::unavailable, "cannot start a program: the daemon is stopping", {}});
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<asio::thread_pool> thread_;
};

SystemProcessRunner::SystemProcessRunner() : spawner_(std::make_unique<Spawner>()) {}

SystemProcessRunner::~SystemProcessRunner() {
  stop();
}

void SystemProcessRunner::start() {
  std::signal(SIGPIPE, SIG_IGN);
  spawner_->start();
}

void SystemProcessRunner::stop() {
  spawner_->stop();
}

asio::awaitable<Result<ProcessResult>> SystemProcessRunner::run(ProcessRequest request,
                                                                LineHandler on_line) {
  const auto initiate = [](auto handler, Spawner& spawner, ProcessRequest wanted,
                           LineHandler line_handler) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    const asio::any_io_executor executor = asio::get_associated_executor(handler);
    const auto execution = std::make_shared<Execution>(std::move(wanted), std::move(line_handler),
                                                       executor, std::move(handler));
    if (slot.is_connected()) {
      slot.assign([weak = std::weak_ptr(execution)](asio::cancellation_type) {
        if (const auto running = weak.lock()) running->cancel();
      });
    }
    spawner.begin(*execution);
  };
  return asio::async_initiate<const asio::use_awaitable_t<>, void(Result<ProcessResult>)>(
      initiate, asio::use_awaitable, std::ref(*spawner_), std::move(request), std::move(on_line));
}

}  // namespace tba::steps
