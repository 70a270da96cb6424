#include "cli/arguments.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/json_fields.h"
#include "shared/suggestion.h"

namespace tba::cli {
namespace {

bool has_type(const Json& value, std::string_view type) {
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "boolean") return value.is_boolean();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  return !value.is_discarded();
}

std::string_view example_of(std::string_view type) {
  if (type == "integer") return "10";
  if (type == "number") return "1.5";
  if (type == "boolean") return "true";
  if (type == "array") return "'[\"a\", \"b\"]'";
  return "'{\"a\": 1}'";
}

std::string with_article(std::string_view type) {
  const bool vowel = type.starts_with('i') || type.starts_with('a') || type.starts_with('o');
  return fmt::format("{} {}", vowel ? "an" : "a", type);
}

}  // namespace

Outcome<Json> typed_values(const std::vector<std::string>& assignments, const Json& declared,
                           std::string_view what) {
  std::vector<std::string> names;
  for (const Json& item : declared) names.push_back(text_of(item, "name"));

  Json values = Json::object();
  std::vector<std::string> problems;
  for (const std::string& assignment : assignments) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0) {
      problems.push_back(fmt::format("'{}' is no {}: write name=value", assignment, what));
      continue;
    }
    const std::string name = assignment.substr(0, equals);
    const std::string text = assignment.substr(equals + 1);
    const auto known = std::ranges::find(names, name);
    if (known == names.end()) {
      problems.push_back(fmt::format("unknown {} '{}'{}", what, name, did_you_mean(name, names)));
      continue;
    }
    if (values.contains(name)) {
      problems.push_back(fmt::format("{} '{}' is given twice", what, name));
      continue;
    }
    const auto index = static_cast<std::size_t>(known - names.begin());
    const std::string type = text_of(declared[index], "type");
    if (type == "string") {
      values[name] = text;
      continue;
    }
    Json value = Json::parse(text, nullptr, false);
    if (type == "any" && value.is_discarded()) value = text;
    if (!has_type(value, type)) {
      problems.push_back(fmt::format("{} '{}' must be {}, such as {}={}; it is '{}'", what, name,
                                     with_article(type), name, example_of(type), text));
      continue;
    }
    values[name] = std::move(value);
  }
  if (problems.empty()) return values;
  CliError error = usage_error(problems.front());
  if (problems.size() > 1) {
    problems.erase(problems.begin());
    error.details = fmt::format("       {}", fmt::join(problems, "\n       "));
  }
  return error;
}

}  // namespace tba::cli
