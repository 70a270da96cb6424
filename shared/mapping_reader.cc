#include "shared/mapping_reader.h"

#include <algorithm>
#include <utility>

#include "shared/key_table.h"

namespace tba {
namespace {

using expression::Mapping;
using Kind = yaml::Node::Kind;

Mapping read_scalar(const yaml::Node& node, Diagnostics& diagnostics,
                    const ReferenceSink& references) {
  if (node.text.find("${{") == std::string::npos) {
    return Mapping::constant(to_value(node, diagnostics));
  }
  auto text = expression::Template::parse(node.text);
  if (text.has_error()) {
    for (auto& problem : text.error()) {
      diagnostics.error(node.where, problem.offset, std::max<std::size_t>(problem.length, 1),
                        std::move(problem.message), std::move(problem.hint));
    }
    return {};
  }
  for (const auto& reference : text->references()) references(reference, node.where);
  return Mapping::text(*std::move(text), node.where);
}

}  // namespace

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
