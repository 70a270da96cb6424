#include "tests/support/json_schema.h"

#include <nlohmann/json.hpp>

#include "shared/value_type.h"

namespace tba::tests {
namespace {

using Json = nlohmann::ordered_json;

const char* const kName = "^[A-Za-z][A-Za-z0-9_-]{0,99}$";
const char* const kExpression = R"(\$\{\{)";

class SchemaWriter {
 public:
  Json write(const KeyTable& table, std::string_view title) {
    Json root{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", title}};
    root.update(object_of(table));
    if (!definitions_.empty()) root["$defs"] = definitions_;
    return root;
  }

 private:
  Json object_of(const KeyTable& table) {
    Json properties = Json::object();
    Json required = Json::array();
    for (const auto& key : table.keys) {
      auto property = schema_of(key);
      property["description"] = key.description;
      properties[std::string(key.name)] = std::move(property);
      if (key.is_required) required.push_back(key.name);
    }
    Json object{{"type", required.empty() && table.exactly_one.empty() ? Json{"object", "null"}
                                                                       : Json("object")},
                {"additionalProperties", false},
                {"properties", std::move(properties)}};
    if (!required.empty()) object["required"] = std::move(required);
    for (const auto& name : table.exactly_one) object["oneOf"].push_back({{"required", {name}}});
    return object;
  }

  Json reference(const KeyTable& table) {
    const std::string id(table.id);
    if (!definitions_.contains(id)) {
      definitions_[id] = nullptr;  // its place, should the table contain itself
      definitions_[id] = object_of(table);
    }
    return {{"$ref", "#/$defs/" + id}};
  }

  /// A type, a list of one shape, or fields with theirs.
  Json shape() {
    const Json itself{{"$ref", "#/$defs/shape"}};
    definitions_["shape"]["anyOf"] = {
        {{"enum", kValueTypeNames}},
        {{"type", "array"}, {"items", itself}, {"minItems", 1}, {"maxItems", 1}},
        {{"type", "object"}, {"additionalProperties", itself}}};
    return itself;
  }

  static Json scalar() { return {{"type", {"string", "number", "boolean"}}}; }

  static Json list_of(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }

  static Json range(const Key& key, const char* type) {
    Json number{{"type", type}, {"minimum", key.minimum}};
    if (key.maximum != std::numeric_limits<std::int64_t>::max()) number["maximum"] = key.maximum;
    return number;
  }

  Json schema_of(const Key& key) {
    switch (key.type) {
      case KeyType::text:
      case KeyType::templated:
        return scalar();
      case KeyType::name:
        return {{"type", "string"}, {"pattern", kName}};
      case KeyType::boolean:
        return {{"type", "boolean"}};
      case KeyType::integer:
        return range(key, "integer");
      case KeyType::number:
        return range(key, "number");
      case KeyType::duration:
        return {{"type", "string"}, {"pattern", "^(\\d+(d|h|m|s|ms))+$"}};
      case KeyType::size:
        return {{"type", {"string", "integer"}}, {"pattern", "^\\d+(B|[KMG]iB|kB|MB|GB)?$"}};
      case KeyType::choice:
        return {{"enum", key.choices}};
      case KeyType::choice_list: {
        auto list = list_of({{"enum", key.choices}});
        list["minItems"] = 1;
        return list;
      }
      case KeyType::condition:
        return {{"type", {"string", "boolean"}}, {"pattern", kExpression}};
      case KeyType::value:
      case KeyType::literal:
        return Json::object();
      case KeyType::value_map:
      case KeyType::literal_map:
        return {{"type", {"object", "null"}}};
      case KeyType::literal_list: {
        auto list = list_of(Json::object());
        list["minItems"] = 1;
        return list;
      }
      case KeyType::text_list: {
        auto list = list_of(scalar());
        list["minItems"] = 1;
        return list;
      }
      case KeyType::text_or_list:
      case KeyType::templated_list:
        return {{"type", {"string", "number", "boolean", "array"}},
                {"items", scalar()},
                {"minItems", 1}};
      case KeyType::text_map:
        return {{"type", {"object", "null"}}, {"additionalProperties", scalar()}};
      case KeyType::shape:
        return shape();
      case KeyType::shape_map:
        return {{"type", {"object", "null"}}, {"additionalProperties", shape()}};
      case KeyType::table:
        return reference(*key.table);
      case KeyType::table_list:
        return list_of(reference(*key.table));
      case KeyType::table_or_list:
        return {{"anyOf", {reference(*key.table), list_of(reference(*key.table))}}};
      case KeyType::boolean_or_table:
        return {{"anyOf", {Json{{"type", "boolean"}}, reference(*key.table)}}};
      case KeyType::value_or_table:
        return {{"anyOf",
                 {Json{{"type", {"string", "number", "boolean", "array", "null"}}},
                  reference(*key.table)}}};
      case KeyType::table_map:
        return {{"type", {"object", "null"}},
                {"propertyNames", {{"pattern", kName}}},
                {"additionalProperties", reference(*key.table)}};
      case KeyType::table_lists:
        return {{"type", {"object", "null"}},
                {"propertyNames", {{"pattern", kName}}},
                {"additionalProperties", list_of(reference(*key.table))}};
    }
    return Json::object();
  }

  Json definitions_ = Json::object();
};

}  // namespace

std::string json_schema(const KeyTable& table, std::string_view title) {
  return SchemaWriter().write(table, title).dump(2) + "\n";
}

}  // namespace tba::tests
