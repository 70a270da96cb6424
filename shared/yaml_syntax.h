#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "shared/diagnostic.h"

namespace tba::yaml {

/// Adds to the diagnostics what yaml-cpp could not read at that byte of the file: `message` in our
/// words, and what is most often meant.
void report_syntax(const std::shared_ptr<const SourceFile>& file, std::size_t offset,
                   const std::string& message, Diagnostics& diagnostics);

}  // namespace tba::yaml
