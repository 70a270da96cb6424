#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "shared/connector.h"
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

/// By name.
using NotifyTargets = std::map<std::string, NotifyTarget, std::less<>>;

}  // namespace tba::engine
