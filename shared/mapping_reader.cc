#include "shared/mapping_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "shared/key_table.h"
#include "shared/yaml_scalars.h"

namespace tba {
namespace {

using expression::Mapping;
using expression::SecretReference;
using Kind = yaml::Node::Kind;

Mapping read_secret(const yaml::Node& node, Diagnostics& diagnostics) {
  if (auto reference = secret_named(node.text)) return Mapping::secret(*std::move(reference));
  node.error(diagnostics, fmt::format("'{}' is not a field of a credential", node.text),
             "write credential.field, such as !secret clan-discord.token");
  return {};
}

// What may be meant where an expression cannot be read on from `offset`.
std::string hint_at(std::string_view text, std::size_t offset) {
  if (text.substr(offset).starts_with("!secret"))
    return "a secret takes the place of a whole value: `key: !secret credential.field`";
  const auto steps = text.substr(0, offset).rfind(".steps.");
  if (steps == std::string_view::npos) return "";
  auto id = text.substr(steps + 7);
  id = id.substr(0, std::min(id.find_first_of(" .)]}|"), id.size()));
  const bool is_at_id = offset <= steps + 7 + id.size() + 1;  // or at the key behind it
  if (!is_at_id || id.find('-') == std::string_view::npos || !is_name(id)) return "";
  return fmt::format("'-' is minus here: write .steps[\"{}\"]", id);
}

Mapping read_scalar(const yaml::Node& node, Diagnostics& diagnostics,
                    const ReferenceSink& references) {
  if (node.is_secret) return read_secret(node, diagnostics);
  if (node.text.find("${{") == std::string::npos) {
    if (node.text.starts_with("!secret "))
      diagnostics.warning(node.where, 0, node.text.size(), "in quotes this is text, not a secret");
    return Mapping::constant(to_value(node, diagnostics));
  }
  auto text = expression::Template::parse(node.text);
  if (text.has_error()) {
    for (auto& problem : text.error()) {
      if (problem.hint.empty()) problem.hint = hint_at(node.text, problem.offset);
      diagnostics.error(node.where, problem.offset, std::max<std::size_t>(problem.length, 1),
                        std::move(problem.message), std::move(problem.hint));
    }
    return {};
  }
  for (const auto& reference : text->references()) references(reference, node.where);
  return Mapping::text(*std::move(text), node.where);
}

}  // namespace

std::optional<SecretReference> secret_named(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  SecretReference reference{std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
  if (!is_name(reference.credential) || !is_name(reference.field)) return std::nullopt;
  return reference;
}

Mapping read_mapping(const yaml::Node& node, Diagnostics& diagnostics,
                     const ReferenceSink& references) {
  switch (node.kind) {
    case Kind::null:
      return {};
    case Kind::scalar:
      return read_scalar(node, diagnostics, references);
    case Kind::sequence: {
      std::vector<Mapping> items;
      for (const auto& item : node.items) {
        items.push_back(read_mapping(*item, diagnostics, references));
      }
      return Mapping::array(std::move(items));
    }
    case Kind::mapping: {
      Mapping::Members members;
      for (const auto& [key, value] : node.members) {
        if (const auto at = key->text.find("${{"); at != std::string::npos) {
          diagnostics.error(key->where, at, 3, "a key cannot hold an expression",
                            "make the whole mapping with one: ${{ {(.name): .value} }}");
        }
        members.emplace_back(key->text, read_mapping(*value, diagnostics, references));
      }
      return Mapping::object(std::move(members));
    }
  }
  return {};
}

}  // namespace tba
