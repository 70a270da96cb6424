#pragma once

#include <string>

#include "shared/connector.h"
#include "shared/error.h"

namespace tba::importing {

/// The text of a connector's file with the endpoints of `addition` at the end of its own, and those
/// auth schemes that it lacks. Nothing else of the text changes. Ids and names that are taken get a
/// number, and are changed in `addition`, too. Errors (`invalid`): the file has mistakes, or is
/// written in a way in which nothing can be added to it.
Result<std::string> with_addition(const std::string& path, const std::string& text,
                                  Connector& addition);

}  // namespace tba::importing
