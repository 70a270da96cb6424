#pragma once

#include <string>
#include <string_view>

#include "shared/connector.h"

namespace tba::importing {

/// The text of a connector file: of the connector what an import finds, that is names, URL, auth
/// schemes and endpoints with their parameters and the shapes of their answers. A shape that
/// several endpoints have is written once, with an anchor. `comment` is one line for the top, or
/// empty. read_connector() reads the same connector back.
std::string write_connector(const Connector& connector, std::string_view comment);

/// What stands below `auth:` and below `endpoints:` in such a file, indented by two blanks.
std::string write_auth_schemes(const Connector& connector);
std::string write_endpoints(const Connector& connector);

}  // namespace tba::importing
