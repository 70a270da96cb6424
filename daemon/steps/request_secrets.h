#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "daemon/engine/attempt.h"
#include "daemon/vault/credentials.h"
#include "shared/connector.h"
#include "shared/error.h"

namespace tba::steps {

/// The secrets that a request lacks, taken from their credentials at the moment it is made. As long
/// as it lives they are masked (vault::LiveSecrets), whatever becomes of the credentials.
class RequestSecrets {
 public:
  /// Errors: a credential that is not there or cannot be used, or that has no such field.
  static Result<RequestSecrets> open(std::vector<engine::RequestSecret> wanted,
                                     const vault::Credentials& credentials);

  bool empty() const { return opened_.empty(); }

  /// Puts them where they belong. Who shows or stores what is filled gives them away.
  void fill(engine::EndpointCall& call) const;
  void fill(engine::RawRequest& raw) const;
  void fill(engine::ProgramCall& program) const;

  /// Whether all of them may be sent there: like a credential that proves who is calling, each goes
  /// nowhere but to the origin of its own API. `connector_of` gives the connector of that name.
  Result<> check_destination(
      const std::string& url,
      const std::function<std::shared_ptr<const Connector>(const std::string& name)>& connector_of)
      const;

  /// Whether all of them are of credentials of that plugin, whose program alone may have them.
  Result<> check_owner(std::string_view plugin) const;

 private:
  struct Opened {
    engine::RequestSecret place;
    std::shared_ptr<const vault::Credential> credential;

    std::string text() const { return std::string(credential->field(place.secret.field)); }
  };

  std::vector<Opened> opened_;
};

}  // namespace tba::steps
