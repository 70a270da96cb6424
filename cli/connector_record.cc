#include "cli/connector_record.h"

#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/json_fields.h"
#include "shared/suggestion.h"

namespace tba::cli {

Outcome<Json> find_endpoint(const Json& connector, std::string_view id) {
  std::vector<std::string> known;
  for (const Json& endpoint : member_of(connector, "endpoints")) {
    known.push_back(text_of(endpoint, "id"));
    if (known.back() == id) return endpoint;
  }
  const std::string name = text_of(connector, "name");
  return CliError{
      ExitCode::not_found,
      fmt::format("connector '{}' has no endpoint '{}'{}", name, id, did_you_mean(id, known)),
      fmt::format("'tba-integrate connector show {}' lists them", name)};
}

Outcome<Json> find_scheme(const Json& connector, std::string_view name) {
  std::vector<std::string> known;
  for (const Json& scheme : member_of(connector, "auth")) {
    known.push_back(text_of(scheme, "name"));
    if (known.back() == name) return scheme;
  }
  const Json& schemes = member_of(connector, "auth");
  if (name.empty() && known.size() == 1) return schemes[0];
  const std::string connector_name = text_of(connector, "name");
  if (known.empty()) {
    return usage_error(fmt::format("connector '{}' takes no credentials", connector_name));
  }
  const std::string choice =
      fmt::format("connector '{}' has {}", connector_name, fmt::join(known, ", "));
  if (name.empty()) return usage_error("which authentication scheme? Say --auth", choice);
  return usage_error(fmt::format("connector '{}' has no authentication scheme '{}'{}",
                                 connector_name, name, did_you_mean(name, known)),
                     choice);
}

}  // namespace tba::cli
