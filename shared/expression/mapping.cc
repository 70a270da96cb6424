#include "shared/expression/mapping.h"

#include <algorithm>
#include <optional>
#include <variant>

namespace tba::expression {

struct Mapping::Node {
  struct Text {
    Template text;
    SourcePositions where;
  };
  std::optional<Value> value;  // of a constant
  std::variant<std::monostate, Text, SecretReference, std::vector<Mapping>, Members> parts;
};

Mapping Mapping::constant(Value value) {
  if (value.is_null()) return {};
  return Mapping(std::make_shared<const Node>(Node{std::move(value), {}}));
}

Mapping Mapping::text(Template text, SourcePositions where) {
  if (text.is_constant()) return constant(Value::string(text.as_constant()));
  return Mapping(std::make_shared<const Node>(
      Node{std::nullopt, Node::Text{std::move(text), std::move(where)}}));
}

Mapping Mapping::secret(SecretReference reference) {
  return Mapping(std::make_shared<const Node>(Node{std::nullopt, std::move(reference)}));
}

Mapping Mapping::array(std::vector<Mapping> items) {
  Node node;
  if (std::all_of(items.begin(), items.end(),
                  [](const auto& item) { return item.is_constant(); })) {
    ArrayBuilder builder(items.size());
    for (const auto& item : items) builder.add(item.as_constant());
    node.value = std::move(builder).build();
  }
  node.parts = std::move(items);
  return Mapping(std::make_shared<const Node>(std::move(node)));
}

Mapping Mapping::object(Members members) {
  Node node;
  if (std::all_of(members.begin(), members.end(),
                  [](const auto& member) { return member.second.is_constant(); })) {
    ObjectBuilder builder;
    for (const auto& [name, part] : members) builder.put(name, part.as_constant());
    node.value = std::move(builder).build();
  }
  node.parts = std::move(members);
  return Mapping(std::make_shared<const Node>(std::move(node)));
}

bool Mapping::is_null() const {
  return node_ == nullptr;
}

bool Mapping::is_constant() const {
  return is_null() || node_->value.has_value();
}

const Value& Mapping::as_constant() const {
  static const Value null{};
  return is_null() ? null : *node_->value;
}

bool Mapping::is_text() const {
  const auto* leaf = is_null() ? nullptr : std::get_if<Node::Text>(&node_->parts);
  return leaf != nullptr && !leaf->text.is_expression();
}

bool Mapping::is_secret() const {
  return !is_null() && std::holds_alternative<SecretReference>(node_->parts);
}

bool Mapping::is_object() const {
  return !is_null() && std::holds_alternative<Members>(node_->parts);
}

const Mapping::Members& Mapping::members() const {
  static const Members none;
  return is_object() ? std::get<Members>(node_->parts) : none;
}

const std::vector<Mapping>& Mapping::items() const {
  static const std::vector<Mapping> none;
  const auto* items = is_null() ? nullptr : std::get_if<std::vector<Mapping>>(&node_->parts);
  return items != nullptr ? *items : none;
}

Result<Value> Mapping::evaluate(const Context& context, const Budget& budget,
                                const Surroundings& surroundings) const {
  if (is_constant()) return as_constant();
  if (is_secret()) return Value();
  if (const auto* leaf = std::get_if<Node::Text>(&node_->parts)) {
    auto value = leaf->text.evaluate(context, budget, surroundings);
    if (value) return std::move(*value);
    const auto problem = value.error();
    return Error{problem.is_spent_budget ? ErrorCode::limit_exceeded : ErrorCode::invalid,
                 leaf->where.place(problem.offset) + ": " + problem.message, problem.hint};
  }
  if (const auto* items = std::get_if<std::vector<Mapping>>(&node_->parts)) {
    ArrayBuilder builder(items->size());
    for (const auto& item : *items) {
      auto value = item.evaluate(context, budget, surroundings);
      if (!value) return value;
      builder.add(std::move(*value));
    }
    return std::move(builder).build();
  }
  ObjectBuilder builder;
  for (const auto& [name, part] : members()) {
    auto value = part.evaluate(context, budget, surroundings);
    if (!value) return value;
    builder.put(name, std::move(*value));
  }
  return std::move(builder).build();
}

std::string Mapping::place() const {
  const auto* leaf = is_null() ? nullptr : std::get_if<Node::Text>(&node_->parts);
  return leaf != nullptr ? leaf->where.place(0) : "";
}

std::vector<Reference> Mapping::references() const {
  if (is_constant() || is_secret()) return {};
  if (const auto* leaf = std::get_if<Node::Text>(&node_->parts)) return leaf->text.references();
  std::vector<Reference> all;
  const auto add = [&all](const Mapping& part) {
    const auto references = part.references();
    all.insert(all.end(), references.begin(), references.end());
  };
  for (const auto& item : items()) add(item);
  for (const auto& member : members()) add(member.second);
  return all;
}

std::vector<PlacedSecret> Mapping::secrets() const {
  std::vector<PlacedSecret> found;
  ValuePath path;
  collect_secrets(path, found);
  return found;
}

/// Adds those below `path`, which is left as it was.
void Mapping::collect_secrets(ValuePath& path, std::vector<PlacedSecret>& found) const {
  if (is_constant()) return;
  if (const auto* secret = std::get_if<SecretReference>(&node_->parts)) {
    found.push_back({path, *secret});
  } else if (const auto* items = std::get_if<std::vector<Mapping>>(&node_->parts)) {
    for (std::size_t i = 0; i < items->size(); ++i) {
      path.emplace_back(i);
      (*items)[i].collect_secrets(path, found);
      path.pop_back();
    }
  }
  for (const auto& [name, part] : members()) {
    path.emplace_back(name);
    part.collect_secrets(path, found);
    path.pop_back();
  }
}

}  // namespace tba::expression
