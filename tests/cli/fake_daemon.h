#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/unix_http_server.h"

namespace tba::tests {

/// Answers as the daemon's API would, with what a test puts into it: a request that it does not
/// know gets a 404 problem document. Records every request.
class FakeDaemon {
 public:
  struct Answer {
    int status = 200;
    std::string body = "{}";
    std::string type = "application/json";
  };
  struct Request {
    std::string line;  ///< "GET /api/v1/runs?limit=50"
    std::string body;
  };

  explicit FakeDaemon(const std::string& socket) : server_(socket) {
    const auto handle = [this](const httplib::Request& request, httplib::Response& response) {
      answer(request, response);
    };
    server_.Get(".*", handle);
    server_.Post(".*", handle);
    server_.Put(".*", handle);
    server_.Delete(".*", handle);
    server_.start();
  }

  /// The answer to "GET /runs" and the like, below /api/v1, whatever its query. Where a request is
  /// given several answers they come one after the other; the last one stays.
  FakeDaemon& on(const std::string& request, Answer answer) {
    const std::scoped_lock lock(mutex_);
    answers_[request].push_back(std::move(answer));
    return *this;
  }
  FakeDaemon& on(const std::string& request, std::string body) {
    return on(request, Answer{200, std::move(body), "application/json"});
  }
  FakeDaemon& on_problem(const std::string& request, int status, const std::string& members) {
    return on(request, Answer{status,
                              R"({"type":"about:blank","title":"Problem","status":)" +
                                  std::to_string(status) + "," + members + "}",
                              "application/problem+json"});
  }
  /// An event stream of these events, "name data", that then ends.
  FakeDaemon& on_stream(const std::string& request,
                        const std::vector<std::pair<std::string, std::string>>& events) {
    std::string text = ": hello\n\n";
    for (const auto& [name, data] : events) {
      text += "event: " + name + "\ndata: " + data + "\n\n";
    }
    return on(request, Answer{200, text, "text/event-stream"});
  }

  std::vector<Request> requests() const {
    const std::scoped_lock lock(mutex_);
    return requests_;
  }
  /// The last request's.
  Request last() const { return requests().back(); }

 private:
  void answer(const httplib::Request& request, httplib::Response& response) {
    const std::scoped_lock lock(mutex_);
    requests_.push_back({request.method + " " + request.target, request.body});
    std::string path = request.target.substr(0, request.target.find('?'));
    if (path.starts_with("/api/v1")) path.erase(0, 7);
    const auto known = answers_.find(request.method + " " + path);
    if (known == answers_.end()) {
      response.status = 404;
      response.set_content(
          R"({"type":"about:blank","title":"Not Found","status":404,"code":"not_found","detail":"there is no )" +
              path + R"("})",
          "application/problem+json");
      return;
    }
    std::vector<Answer>& queue = known->second;
    const Answer answer = queue.front();
    if (queue.size() > 1) queue.erase(queue.begin());
    response.status = answer.status;
    response.set_content(answer.body, answer.type.c_str());
  }

  mutable std::mutex mutex_;
  std::map<std::string, std::vector<Answer>> answers_;
  std::vector<Request> requests_;
  UnixHttpServer server_;
};

}  // namespace tba::tests
