#pragma once

#include <deque>
#include <stdexcept>
#include <utility>
#include <vector>

#include "daemon/net/mail_client.h"

namespace tba::tests {

/// Answers as a test says what mail servers are asked for, in order, and remembers it.
class ScriptedMailClient final : public net::MailClient {
 public:
  void answer(net::MailResult result) { answers_.push_back(std::move(result)); }
  void answer(int code, std::string text, net::MailStage stage = net::MailStage::message) {
    answers_.emplace_back(net::MailReply{stage, code, std::move(text), {}});
  }

  boost::asio::awaitable<net::MailResult> send(net::MailRequest request) override {
    requests.push_back(std::move(request));
    if (answers_.empty()) throw std::logic_error("the test has no answer for this message");
    net::MailResult result = std::move(answers_.front());
    answers_.pop_front();
    co_return result;
  }

  std::vector<net::MailRequest> requests;

 private:
  std::deque<net::MailResult> answers_;
};

}  // namespace tba::tests
