#pragma once

#include <deque>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "daemon/net/http_client.h"

namespace tba::tests {

/// Answers requests as a test says, in order, the last answer again and again, and remembers them.
class ScriptedHttpClient final : public net::HttpClient {
 public:
  void answer(net::HttpResult result) { answers_.push_back(std::move(result)); }
  void answer(int status, std::string body = {},
              net::HeaderFields headers = {{"content-type", "application/json"}}) {
    answers_.emplace_back(net::HttpResponse{status, std::move(headers), std::move(body)});
  }

  /// From now on this answer, whatever was to come.
  void answer_only(net::HttpResult result) {
    answers_.clear();
    answers_.push_back(std::move(result));
  }

  boost::asio::awaitable<net::HttpResult> send(net::HttpRequest request) override {
    requests.push_back(std::move(request));
    if (answers_.empty()) throw std::logic_error("the test has no answer for this request");
    net::HttpResult result = answers_.front();
    if (answers_.size() > 1) answers_.pop_front();
    co_return result;
  }

  std::vector<net::HttpRequest> requests;

 private:
  std::deque<net::HttpResult> answers_;
};

}  // namespace tba::tests
