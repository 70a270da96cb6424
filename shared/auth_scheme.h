#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "shared/diagnostic.h"
#include "shared/key_table.h"
#include "shared/yaml_reader.h"

namespace tba {

/// How a credential of a connector proves who is calling.
struct AuthScheme {
  enum class Type { bearer, api_key, basic, webhook_secret };
  /// Where an API key goes in a request.
  enum class Place { header, query, path };

  std::string name;
  Type type = Type::bearer;
  Place place = Place::header;  ///< api_key.
  std::string parameter;        ///< api_key: the header, query parameter or {placeholder}.
  std::string prefix;           ///< api_key: put before the key ("Bot ").
};

/// The name as written in files: "bearer", …
std::string_view name_of(AuthScheme::Type type);
std::optional<AuthScheme::Type> auth_type_named(std::string_view name);

/// The keys of an auth scheme.
extern const KeyTable kAuthTable;

/// The scheme of that name that a node describes.
AuthScheme read_auth_scheme(const yaml::Node& name, const yaml::Node& node,
                            Diagnostics& diagnostics);

}  // namespace tba
