#include "daemon/storage/worker.h"

#include <boost/asio/post.hpp>
#include <pthread.h>

namespace tba::storage {

ThreadWorker::ThreadWorker(const std::string& name, std::size_t threads) {
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { run(); });
    ::pthread_setname_np(threads_.back().native_handle(), name.substr(0, 15).c_str());
  }
}

ThreadWorker::~ThreadWorker() {
  stop();
}

void ThreadWorker::post(Task task) {
  {
    std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  changed_.notify_one();
}

void ThreadWorker::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void ThreadWorker::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    const auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

namespace {

void run_first(std::deque<Worker::Task>& tasks) {
  if (tasks.empty()) return;  // stop() was there first
  const auto task = std::move(tasks.front());
  tasks.pop_front();
  task();
}

}  // namespace

InlineWorker::InlineWorker(boost::asio::any_io_executor executor)
    : executor_(std::move(executor)), tasks_(std::make_shared<std::deque<Task>>()) {}

InlineWorker::~InlineWorker() {
  stop();
}

void InlineWorker::post(Task task) {
  tasks_->push_back(std::move(task));
  boost::asio::post(executor_, [tasks = tasks_] { run_first(*tasks); });
}

void InlineWorker::stop() {
  while (!tasks_->empty()) run_first(*tasks_);
}

}  // namespace tba::storage
