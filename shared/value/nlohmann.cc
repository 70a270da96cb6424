#include "shared/value/nlohmann.h"

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace tba {
namespace {

Value scalar(const nlohmann::json& json) {
  using Type = nlohmann::json::value_t;
  switch (json.type()) {
    case Type::boolean:
      return Value::boolean(json.get<bool>());
    case Type::number_integer:
      return Value::integer(json.get<std::int64_t>());
    case Type::number_unsigned: {
      const auto number = json.get<std::uint64_t>();
      return std::in_range<std::int64_t>(number) ? Value::integer(static_cast<std::int64_t>(number))
                                                 : Value::number(static_cast<double>(number));
    }
    case Type::number_float:
      return Value::number(json.get<double>());
    case Type::string:
      return Value::string(json.get_ref<const std::string&>());
    default:
      return {};
  }
}

nlohmann::json scalar(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::null:
      return nullptr;
    case Value::Kind::boolean:
      return value.as_boolean();
    case Value::Kind::integer:
      return value.as_integer();
    case Value::Kind::number:
      return value.as_number();
    case Value::Kind::string:
      return std::string(value.as_string());
    case Value::Kind::array:
      return nlohmann::json::array();
    case Value::Kind::object:
      return nlohmann::json::object();
  }
  return nullptr;
}

}  // namespace

Value from_nlohmann(const nlohmann::json& json) {
  struct Open {
    const nlohmann::json* json;
    nlohmann::json::const_iterator next;
    ArrayBuilder items;
    ObjectBuilder members;
  };
  if (!json.is_structured()) return scalar(json);
  std::vector<Open> open;
  open.push_back({&json, json.begin(), {}, {}});
  while (true) {
    auto& top = open.back();
    if (top.next != top.json->end() && top.next->is_structured()) {
      const auto& part = *top.next;
      open.push_back({&part, part.begin(), {}, {}});
      continue;
    }
    Value done;
    if (top.next != top.json->end()) {
      done = scalar(*top.next);
    } else {
      done = top.json->is_array() ? std::move(top.items).build() : std::move(top.members).build();
      open.pop_back();
      if (open.empty()) return done;
    }
    auto& parent = open.back();
    if (parent.json->is_array()) {
      parent.items.add(std::move(done));
    } else {
      parent.members.put(parent.next.key(), std::move(done));
    }
    ++parent.next;
  }
}

nlohmann::json to_nlohmann(const Value& value) {
  std::vector<std::pair<const Value*, nlohmann::json*>> open;
  auto root = scalar(value);
  open.emplace_back(&value, &root);
  while (!open.empty()) {
    const auto [part, json] = open.back();
    open.pop_back();
    // Made in full first: nlohmann's arrays move their items as they grow.
    for (const auto& item : part->items()) json->push_back(scalar(item));
    for (std::size_t i = 0; i < part->items().size(); ++i) {
      if (part->items()[i].size() > 0) open.emplace_back(&part->items()[i], &(*json)[i]);
    }
    for (const auto& member : part->members()) {
      auto& target = (*json)[std::string(member.name)] = scalar(member.value);
      if (member.value.size() > 0) open.emplace_back(&member.value, &target);
    }
  }
  return root;
}

}  // namespace tba
