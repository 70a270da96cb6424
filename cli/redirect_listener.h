#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cli/error.h"

namespace tba::cli {

/// Waits on this machine for the browser that comes back from a login (RFC 8252, section 7.3).
class RedirectListener {
 public:
  /// Told of the whole URL that a browser came back to; what it answers, the browser shows. Called
  /// on a thread of the listener's.
  using Visit = std::function<Outcome<std::string>(const std::string& url)>;

  /// Listens at a URI such as http://127.0.0.1:8765/callback or, where it is empty, at one with a
  /// free port. Errors (`usage`): it is none of this machine; (`failed`): the port is taken.
  static Outcome<std::unique_ptr<RedirectListener>> open(const std::string& redirect_uri,
                                                         Visit on_visit);

  /// Whether somebody on this machine could listen there.
  static bool is_local(const std::string& redirect_uri);

  ~RedirectListener();
  RedirectListener(const RedirectListener&) = delete;
  RedirectListener& operator=(const RedirectListener&) = delete;

  /// Where it listens, as the far side must be told.
  const std::string& redirect_uri() const;

 private:
  struct Server;
  explicit RedirectListener(std::unique_ptr<Server> server);

  std::unique_ptr<Server> server_;
};

}  // namespace tba::cli
