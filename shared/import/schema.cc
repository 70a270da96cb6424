#include "shared/import/schema.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "shared/value/json.h"

namespace tba::importing {
namespace {

// How deep schemas may be made of others before that is taken for a circle.
constexpr int kDeepestSchema = 12;
// How many schemas are looked at for one; else a few that name each other often would take hours.
constexpr int kMostSchemas = 1000;
constexpr std::size_t kMostChoices = 100;
constexpr std::size_t kMostMembers = 400;
constexpr std::uint64_t kLargestDefault = 4096;
constexpr std::uint32_t kDeepestDefault = 8;
constexpr std::array kAlternatives{"oneOf", "anyOf"};

bool is_null_type(const Value& type) {
  return type.is_string() && type.as_string() == "null";
}

ValueType wider(ValueType left, ValueType right) {
  if (left == right) return left;
  const auto is_number = [](ValueType type) {
    return type == ValueType::integer || type == ValueType::number;
  };
  return is_number(left) && is_number(right) ? ValueType::number : ValueType::any;
}

ValueType type_named(std::string_view name) {
  if (name == "file") return ValueType::string;  // Swagger's: the bytes of one
  return value_type_named(name).value_or(ValueType::any);
}

class FactsReader {
 public:
  explicit FactsReader(Description& description) : description_(description) {}

  SchemaFacts read(const Value& written, int depth = 0) {
    if (depth > kDeepestSchema || left_-- <= 0) return {};
    const auto& schema = description_.resolve(written);
    SchemaFacts facts = own(schema);
    for (const auto& part : member(schema, "allOf").items()) take(facts, read(part, depth + 1));
    for (const auto* key : kAlternatives) {
      const auto alternatives = member(schema, key).items();
      if (!alternatives.empty()) take(facts, either_of(alternatives, depth + 1));
    }
    return facts;
  }

 private:
  static SchemaFacts own(const Value& schema) {
    SchemaFacts facts;
    facts.is_nullable = is_true(schema, "nullable") || is_true(schema, "x-nullable");
    read_type(schema, facts);
    const auto& fixed = schema.find("const");
    for (const auto& value : member(schema, "enum").items()) facts.choices.push_back(value);
    if (fixed != nullptr && facts.choices.empty()) facts.choices.push_back(*fixed);
    if (const auto* value = schema.find("default")) facts.default_value = *value;
    return facts;
  }

  static void read_type(const Value& schema, SchemaFacts& facts) {
    const auto& type = member(schema, "type");
    bool is_first = true;
    for (const auto& each : type.items()) {
      if (is_null_type(each)) {
        facts.is_nullable = true;
      } else if (each.is_string()) {
        const auto named = type_named(each.as_string());
        facts.type = is_first ? named : wider(facts.type, named);
        is_first = false;
      }
    }
    if (type.is_string() && !is_null_type(type)) facts.type = type_named(type.as_string());
    if (!type.is_null() || facts.type != ValueType::any) return;
    if (schema.find("properties") || schema.find("additionalProperties")) {
      facts.type = ValueType::object;
    } else if (schema.find("items")) {
      facts.type = ValueType::array;
    }
  }

  // What holds for a value of all alternatives.
  SchemaFacts either_of(std::span<const Value> alternatives, int depth) {
    SchemaFacts all;
    bool is_first = true;
    bool all_have_choices = true;
    for (const auto& alternative : alternatives) {
      if (is_null_type(member(description_.resolve(alternative), "type"))) {
        all.is_nullable = true;
        continue;
      }
      auto facts = read(alternative, depth);
      all.type = is_first ? facts.type : wider(all.type, facts.type);
      all.is_nullable |= facts.is_nullable;
      all_have_choices &= !facts.choices.empty();
      all.choices.insert(all.choices.end(), facts.choices.begin(), facts.choices.end());
      is_first = false;
    }
    if (!all_have_choices) all.choices.clear();
    return all;
  }

  // Adds what another schema, which holds too, says of the value.
  static void take(SchemaFacts& facts, SchemaFacts other) {
    if (facts.type == ValueType::any) facts.type = other.type;
    facts.is_nullable |= other.is_nullable;
    if (facts.choices.empty()) facts.choices = std::move(other.choices);
    if (!facts.default_value) facts.default_value = std::move(other.default_value);
  }

  Description& description_;
  int left_ = kMostSchemas;
};

bool is_scalar(const Value& value) {
  return value.is_string() || value.is_number() || value.is_boolean();
}

bool looks_like_expression(const Value& value) {
  return to_json(value).find("${{") != std::string::npos;
}

// The value as one of that type, where nothing but its notation is wrong: `enum: [1, 2]` of text.
Value as_type(const Value& value, ValueType type) {
  if (type == ValueType::string && is_scalar(value) && !value.is_string())
    return Value::string(to_json(value));
  return value;
}

// Leaves only what connector files take: choices that are scalars of the type, and a default of it.
void clean(Description& description, SchemaFacts& facts) {
  std::vector<Value> choices;
  bool all_fit = facts.choices.size() <= kMostChoices;
  for (const auto& written : facts.choices) {
    facts.is_nullable |= written.is_null();
    if (written.is_null()) continue;
    auto choice = as_type(written, facts.type);
    if (std::ranges::find(choices, choice) != choices.end()) continue;
    all_fit &= is_scalar(choice) && has_type(choice, facts.type) && !looks_like_expression(choice);
    choices.push_back(std::move(choice));
  }
  if (!all_fit) description.unsupported().add("enum of too many values, or of another type");
  facts.choices = all_fit ? std::move(choices) : std::vector<Value>();
  if (facts.type == ValueType::any && !facts.choices.empty()) {
    const auto type = type_of(facts.choices.front());
    if (std::ranges::all_of(facts.choices, [&](const Value& each) { return has_type(each, type); }))
      facts.type = type;
  }
  if (!facts.default_value) return;
  auto value = as_type(*facts.default_value, facts.type);
  const bool fits =
      !value.is_null() && value.bytes() <= kLargestDefault && value.depth() <= kDeepestDefault &&
      has_type(value, facts.type) && !looks_like_expression(value) &&
      (facts.choices.empty() || std::ranges::find(facts.choices, value) != facts.choices.end());
  facts.default_value = fits ? std::optional(std::move(value)) : std::nullopt;
}

class MembersReader {
 public:
  explicit MembersReader(Description& description) : description_(description) {}

  // Whether the schema says nothing that members cannot.
  bool read(const Value& written, bool may_require, int depth) {
    if (depth > kDeepestSchema || left_-- <= 0) return false;
    const auto& schema = description_.resolve(written);
    if (!is_object(schema)) return false;
    for (const auto& [name, property] : member(schema, "properties").members()) add(name, property);
    if (may_require) require(member(schema, "required"));
    for (const auto& part : member(schema, "allOf").items()) {
      if (!read(part, may_require, depth + 1)) return false;
    }
    for (const auto* key : kAlternatives) {
      for (const auto& alternative : member(schema, key).items()) {
        if (!read(alternative, false, depth + 1)) return false;
      }
    }
    return true;
  }

  std::vector<SchemaMember> members() && {
    for (auto& each : members_)
      each.is_required = std::ranges::find(required_, each.name) != required_.end();
    return std::move(members_);
  }

 private:
  // Whether it describes an object, or only what is more to be said of one.
  bool is_object(const Value& schema) const {
    const auto& type = member(schema, "type");
    if (type.is_null()) return schema.is_object() && !schema.find("items") && !schema.find("enum");
    const auto is = [](const Value& each) {
      return each.is_string() && (each.as_string() == "object" || each.as_string() == "null");
    };
    return type.is_array() ? std::ranges::all_of(type.items(), is) : is(type);
  }

  void add(std::string_view name, const Value& property) {
    if (is_true(description_.resolve(property), "readOnly")) return;
    if (std::ranges::find(members_, name, &SchemaMember::name) != members_.end()) return;
    members_.push_back({name, &property, false});
  }

  void require(const Value& names) {
    for (const auto& name : names.items()) {
      if (name.is_string()) required_.push_back(name.as_string());
    }
  }

  Description& description_;
  std::vector<SchemaMember> members_;
  std::vector<std::string_view> required_;
  int left_ = kMostSchemas;
};

}  // namespace

SchemaFacts facts_of(Description& description, const Value& schema) {
  auto facts = FactsReader(description).read(schema);
  clean(description, facts);
  return facts;
}

std::optional<std::vector<SchemaMember>> members_of(Description& description, const Value& schema) {
  MembersReader reader(description);
  if (!reader.read(schema, true, 0)) return std::nullopt;
  auto members = std::move(reader).members();
  if (members.empty() || members.size() > kMostMembers) return std::nullopt;
  return members;
}

}  // namespace tba::importing
