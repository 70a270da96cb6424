#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "shared/error.h"
#include "shared/import/unsupported.h"
#include "shared/value/value.h"

namespace tba::importing {

/// The description of an API as its file has it: OpenAPI 3.0 and 3.1 (spec.openapis.org/oas), or
/// Swagger 2.0 (swagger.io/specification/v2). What is found in it lives as long as it does.
class Description {
 public:
  enum class Dialect : std::uint8_t { swagger_2, openapi_3 };

  Description(Value root, Dialect dialect) : root_(std::move(root)), dialect_(dialect) {}
  Description(Description&&) = default;

  const Value& root() const { return root_; }
  bool is_swagger() const { return dialect_ == Dialect::swagger_2; }

  /// The part itself or, where it is a `$ref`, what that leads to at last; null where it leads
  /// nowhere, in a circle or out of the file, which is noted as unsupported.
  const Value& resolve(const Value& part);

  /// What was met that no connector can say.
  Unsupported& unsupported() { return unsupported_; }

 private:
  const Value* target(std::string_view reference) const;

  Value root_;
  Dialect dialect_;
  Unsupported unsupported_;
};

/// Reads a description, JSON or YAML. Errors: `invalid` where it is neither, or not of these
/// versions; `limit_exceeded`.
Result<Description> read_description(std::string_view text);

/// The member of that name; null where there is none, or `part` is no object.
const Value& member(const Value& part, std::string_view name);

/// The text of that member; empty where it has none.
std::string_view text_member(const Value& part, std::string_view name);

/// Whether that member is `true`.
bool is_true(const Value& part, std::string_view name);

}  // namespace tba::importing
