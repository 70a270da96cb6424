#include "shared/import/connector_extension.h"

#include <algorithm>
#include <map>
#include <memory>
#include <ranges>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/connector_reader.h"
#include "shared/import/connector_writer.h"
#include "shared/import/names.h"
#include "shared/yaml_reader.h"

namespace tba::importing {
namespace {

Error invalid(const std::string& path, std::string_view problem, std::string hint) {
  return {ErrorCode::invalid, fmt::format("{} {}", path, problem), std::move(hint)};
}

bool is_same(const AuthScheme& left, const AuthScheme& right) {
  return left.type == right.type && left.place == right.place &&
         left.parameter == right.parameter && left.prefix == right.prefix;
}

// What is there already goes, and what is not gets names that are free.
void fit(Connector& addition, const Connector& existing) {
  std::erase_if(addition.auth, [&](const AuthScheme& scheme) {
    return std::ranges::any_of(existing.auth,
                               [&](const AuthScheme& each) { return is_same(each, scheme); });
  });
  UniqueNames schemes;
  UniqueNames ids;
  for (const auto& scheme : existing.auth) schemes.take(scheme.name, "_");
  for (const auto& endpoint : existing.endpoints) ids.take(endpoint.id, "-");
  for (auto& scheme : addition.auth) scheme.name = schemes.take(scheme.name, "_");
  for (auto& endpoint : addition.endpoints) {
    endpoint.id = ids.take(endpoint.id, "-");
    const auto& base_url =
        endpoint.base_url.empty() ? addition.base_url : std::as_const(endpoint.base_url);
    const auto url = base_url + endpoint.path;
    if (url.starts_with(existing.base_url + "/")) {
      endpoint.path = url.substr(existing.base_url.size());
      endpoint.base_url.clear();
    } else {
      endpoint.base_url = std::string(base_url);
    }
  }
}

/// A file's text as lines, and the keys at its top.
class Text {
 public:
  Text(const std::string& text, const yaml::Node& root) : root_(root) {
    std::string_view rest = text;
    while (!rest.empty()) {
      const auto size = std::min(rest.find('\n'), rest.size() - 1) + 1;
      lines_.emplace_back(rest.substr(0, size));
      rest.remove_prefix(size);
    }
    if (!lines_.empty() && !lines_.back().ends_with('\n')) lines_.back() += '\n';
  }

  /// Puts lines, indented by two, at the end of that key's block mapping. False where it has none.
  bool add_below(std::string_view key, const std::string& lines) {
    const auto* member = find(key);
    if (member == nullptr || member->value->members.empty()) return false;
    const auto& first = member->value->members.front().key->where;
    const auto place = first.position(0);
    if (place.line <= line_of(*member)) return false;
    additions_.emplace(end_of(*member),
                       indented(lines, static_cast<std::size_t>(place.column - 1)));
    return true;
  }

  /// Puts lines before that key and the comments that belong to it. Requires: it is there.
  void add_above(std::string_view key, const std::string& lines) {
    additions_.emplace(begin_of(line_of(*find(key))), lines);
  }

  bool has(std::string_view key) const { return find(key) != nullptr; }

  std::string joined() const {
    std::string text;
    for (std::size_t at = 0; at <= lines_.size(); ++at) {
      const auto [begin, end] = additions_.equal_range(at);
      for (const auto& [line, addition] : std::ranges::subrange(begin, end)) text += addition;
      if (at < lines_.size()) text += lines_[at];
    }
    return text;
  }

 private:
  const yaml::Member* find(std::string_view key) const {
    const auto found = std::ranges::find_if(
        root_.members, [&](const yaml::Member& member) { return member.key->text == key; });
    return found != root_.members.end() ? &*found : nullptr;
  }

  static int line_of(const yaml::Member& member) { return member.key->where.position(0).line; }

  /// The number of lines before that one, and before the comments and blank lines above it.
  std::size_t begin_of(int line) const {
    auto at = static_cast<std::size_t>(line - 1);
    while (at > 0 && (lines_[at - 1].starts_with('#') || lines_[at - 1] == "\n")) --at;
    return at;
  }

  std::size_t end_of(const yaml::Member& member) const {
    auto next = static_cast<int>(lines_.size()) + 1;
    for (const auto& other : root_.members)
      if (line_of(other) > line_of(member)) next = std::min(next, line_of(other));
    return begin_of(next);
  }

  static std::string indented(std::string_view lines, std::size_t indent) {
    std::string text;
    while (!lines.empty()) {
      const auto line = lines.substr(0, lines.find('\n') + 1);
      lines.remove_prefix(line.size());
      if (line != "\n") text.append(indent, ' ').append(line.substr(2));
      if (line == "\n") text += line;
    }
    return text;
  }

  const yaml::Node& root_;
  std::vector<std::string> lines_;
  std::multimap<std::size_t, std::string> additions_;  // by the number of lines before them
};

Result<std::string> inserted(const std::string& path, const std::string& text,
                             const Connector& addition) {
  Diagnostics diagnostics;
  const auto root =
      yaml::read(std::make_shared<SourceFile>(path, text), diagnostics, kConnectorLimits);
  const auto refusal = invalid(path, "is not written so that something can be added to it",
                               "write its auth and endpoints as blocks, or import to another file "
                               "with --to or --name");
  if (!root) return refusal;
  Text lines(text, *root);
  if (!lines.add_below("endpoints", "\n" + write_endpoints(addition))) return refusal;
  if (addition.auth.empty()) return lines.joined();
  const auto schemes = write_auth_schemes(addition);
  if (!lines.has("auth")) {
    lines.add_above("endpoints", "auth:\n" + schemes);
  } else if (!lines.add_below("auth", schemes)) {
    return refusal;
  }
  return lines.joined();
}

}  // namespace

Result<std::string> with_addition(const std::string& path, const std::string& text,
                                  Connector& addition) {
  Diagnostics before;
  const auto existing = read_connector(path, text, before);
  if (!existing) return invalid(path, "has mistakes", "connector check shows them");
  fit(addition, *existing);
  auto result = inserted(path, text, addition);
  if (!result) return result;
  Diagnostics after;
  const auto read = read_connector(path, *result, after);
  const bool has_all =
      read && read->endpoints.size() == existing->endpoints.size() + addition.endpoints.size() &&
      read->auth.size() == existing->auth.size() + addition.auth.size();
  if (has_all) return result;
  return invalid(path, "cannot be added to", "import to another file with --to or --name");
}

}  // namespace tba::importing
