#pragma once

#include <functional>
#include <memory>
#include <string>

#include "shared/connector.h"
#include "shared/error.h"
#include "shared/expression/mapping.h"

namespace tba::engine {

/// Whom a `notify` step can tell: an endpoint with a credential, and how what is told becomes its
/// parameters. From the configuration, so the present one counts for every run.
struct NotifyTarget {
  std::shared_ptr<const Connector> connector;
  std::string endpoint;
  std::string credential;    ///< Or empty.
  expression::Mapping with;  ///< An object; reads the step's `with` as `.inputs`.
};

/// The target of that name. Fails with `not_found` where there is none, or its connector or
/// endpoint is not there now; with a sentence that says so.
using FindNotifyTarget = std::function<Result<NotifyTarget>(const std::string& name)>;

}  // namespace tba::engine
