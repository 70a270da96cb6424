#include "daemon/http/router.h"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace tba::http {

struct Router::Entry {
  const Route* route;
  struct Parameter {
    std::string name;
    std::size_t segment;
    bool rest;
  };
  std::vector<Parameter> parameters;
};

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> parameter;
  std::vector<Entry> here;  // of patterns that end at this node, one for each method
  std::vector<Entry> rest;  // of patterns that take the rest of the path from this node on
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

void Router::add(const Route& route) {
  const auto refuse = [&](const std::string& why) {
    throw std::logic_error("route " + route.method + ' ' + route.pattern + ": " + why);
  };
  std::string_view pattern = route.pattern;
  if (!pattern.starts_with('/')) refuse("the pattern does not begin with '/'");
  Node* node = root_.get();
  std::vector<Entry>* entries = nullptr;
  Entry entry{&route, {}};
  for (std::size_t segment = 0; !pattern.empty(); ++segment) {
    if (entries) refuse("{name*} is not the last segment");
    pattern.remove_prefix(1);
    const auto text = pattern.substr(0, pattern.find('/'));
    pattern.remove_prefix(text.size());
    if (text.find_first_of("{}") == std::string_view::npos) {
      auto& child = node->literals[std::string(text)];
      if (!child) child = std::make_unique<Node>();
      node = child.get();
      continue;
    }
    if (!text.starts_with('{') || !text.ends_with('}')) refuse("a brace inside a segment");
    auto name = text.substr(1, text.size() - 2);
    const bool rest = name.ends_with('*');
    if (rest) name.remove_suffix(1);
    if (name.empty() || name.find_first_of("{}*") != std::string_view::npos) {
      refuse("a parameter needs a name");
    }
    entry.parameters.push_back({std::string(name), segment, rest});
    if (rest) {
      entries = &node->rest;
      continue;
    }
    if (!node->parameter) node->parameter = std::make_unique<Node>();
    node = node->parameter.get();
  }
  if (!entries) entries = &node->here;
  if (std::ranges::any_of(*entries,
                          [&](const Entry& e) { return e.route->method == route.method; })) {
    refuse("there is such a route already");
  }
  entries->push_back(std::move(entry));
}

const std::vector<Router::Entry>* Router::find(const Node& node, const Target& target,
                                               std::size_t segment) {
  if (segment == target.segment_count()) return node.here.empty() ? nullptr : &node.here;
  const auto text = target.segment(segment);
  if (const auto literal = node.literals.find(text); literal != node.literals.end()) {
    if (const auto* found = find(*literal->second, target, segment + 1)) return found;
  }
  if (node.parameter && !text.empty()) {
    if (const auto* found = find(*node.parameter, target, segment + 1)) return found;
  }
  return node.rest.empty() || target.from_segment(segment).empty() ? nullptr : &node.rest;
}

Router::Match Router::match(std::string_view method, const Target& target) const {
  Match match;
  const auto* entries = find(*root_, target, 0);
  if (!entries) return match;
  const auto serves = [&](std::string_view wanted) {
    return std::ranges::find_if(*entries,
                                [&](const Entry& e) { return e.route->method == wanted; });
  };
  auto entry = serves(method);
  if (entry == entries->end() && method == "HEAD") entry = serves("GET");
  if (entry != entries->end()) {
    match.route = entry->route;
  } else {
    std::vector<std::string_view> methods;
    for (const auto& other : *entries) methods.push_back(other.route->method);
    if (serves("GET") != entries->end() && serves("HEAD") == entries->end()) {
      methods.push_back("HEAD");
    }
    std::ranges::sort(methods);
    for (const auto name : methods) {
      if (!match.allow.empty()) match.allow += ", ";
      match.allow += name;
    }
    entry = entries->begin();
    match.other = entry->route;
  }
  for (const auto& [name, segment, rest] : entry->parameters) {
    match.parameters.emplace_back(name,
                                  rest ? target.from_segment(segment) : target.segment(segment));
  }
  return match;
}

}  // namespace tba::http
