#pragma once

#include <span>
#include <string_view>

namespace tba {

/// A file that is part of the program.
struct EmbeddedFile {
  std::string_view name;
  std::string_view text;
};

/// shared/connectors/*.yaml; the build writes the source from those files.
extern const std::span<const EmbeddedFile> kConnectorFiles;
/// shared/expression/prelude.jq, likewise.
extern const std::span<const EmbeddedFile> kPreludeFiles;

}  // namespace tba
