#pragma once

#include <map>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "daemon/log.h"
#include "daemon/task_group.h"
#include "daemon/triggers/events.h"
#include "daemon/vault/credentials.h"
#include "daemon/workflows.h"

namespace tba::triggers {

/// Raises credential.needs_login when a credential that workflows in force need cannot be used any
/// more, or is not there: once, until it could be used in between. Used on its executor only.
class CredentialWatch {
 public:
  /// What it needs from outside; all must outlive it.
  struct Environment {
    boost::asio::any_io_executor executor;
    const daemon::Workflows& workflows;
    const vault::Credentials& credentials;
    Events& events;
    daemon::Log& log;
  };

  explicit CredentialWatch(Environment environment);

  /// Looks at what is in force now: after files were read or a credential changed.
  void look();

  /// Raises nothing any more; completes when what was raised is stored.
  boost::asio::awaitable<void> stop();

 private:
  struct Need {
    std::string reason;
    std::vector<std::string> workflows;
  };
  std::map<std::string, Need> needs() const;
  boost::asio::awaitable<void> raise(std::string credential, Need need);

  Environment environment_;
  daemon::TaskGroup tasks_;
  bool stopping_ = false;
  std::map<std::string, Need> told_;  // by credential
};

}  // namespace tba::triggers
