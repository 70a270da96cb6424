#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "tests/support/node_peer.h"
#include "tests/support/temporary_folder.h"

namespace tba::tests {

/// The mail servers of mail_server.mjs, as long as this lives.
class MailServers {
 public:
  MailServers();

  /// "smtp://127.0.0.1:2525"; of one that is encrypted from the first byte "smtps://…".
  std::string url(const std::string& name) const;
  /// What they took: objects with sender, recipients, user, secure, bytes, message, subject, …
  nlohmann::json messages() const { return told("/messages"); }
  /// What the scripted ones were sent, and AUTH where a login was tried.
  nlohmann::json commands() const { return told("/commands"); }
  /// How many messages were under way at a time.
  int most_at_a_time() const { return told("/most"); }
  void forget() const;

  /// A PEM file with the certificate that they show.
  const std::string& certificate() const { return certificate_; }

 private:
  nlohmann::json told(const std::string& path) const;

  TemporaryFolder folder_;
  std::string certificate_;
  NodePeer peer_;
  nlohmann::json ports_;
};

}  // namespace tba::tests
