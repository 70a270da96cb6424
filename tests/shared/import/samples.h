#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "shared/connector_reader.h"
#include "shared/import/connector_writer.h"
#include "shared/import/imported_connector.h"
#include "shared/value/json.h"

namespace tba::importing {

/// The text of the file that an import gives, which has been read back.
inline std::string file_of(const ImportedConnector& imported) {
  const auto text = write_connector(imported.connector, "");
  Diagnostics diagnostics;
  const auto read = read_connector("test.yaml", text, diagnostics);
  INFO(text);
  INFO(diagnostics.render());
  REQUIRE(read);
  CHECK(diagnostics.empty());
  return text;
}

/// How a parameter stands in the file: "in: query, type: integer, default: 2"; "none" where there
/// is none of that name.
inline std::string parameter_text(const Endpoint& endpoint, std::string_view name) {
  const auto found = std::ranges::find(endpoint.parameters, name, &Parameter::name);
  if (found == endpoint.parameters.end()) return "none";
  std::string text(name_of(found->place));
  text.append(" ").append(name_of(found->type()));
  if (found->required) text += " required";
  if (found->default_value) text += " = " + to_json(*found->default_value);
  return text;
}

}  // namespace tba::importing
