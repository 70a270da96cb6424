#include "shared/import/placeholders.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace tba::importing {
namespace {

struct Brackets {
  std::string_view open;
  std::string_view close;
};

constexpr std::array<Brackets, 3> kInside{{{"{{", "}}"}, {"${", "}"}, {"{", "}"}}};

bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

// "OWNER", "ISSUE_NUMBER"; some parts of paths are just written large.
bool is_all_capitals(std::string_view text) {
  constexpr std::array<std::string_view, 7> kPlain{"API", "REST", "RPC", "V1", "V2", "JSON", "XML"};
  return text.size() > 1 && std::ranges::find(kPlain, text) == kPlain.end() &&
         text.front() >= 'A' && text.front() <= 'Z' && std::ranges::all_of(text, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

std::string small(std::string_view text) {
  std::string letters(text);
  for (char& c : letters)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return letters;
}

// The name that a text as a whole stands for; empty where it is no placeholder.
std::string_view name_of_all(std::string_view text) {
  if (text.size() < 2) return {};
  const auto rest = text.substr(1);
  const bool is_named = is_letter(rest.front()) && is_word(rest);
  if ((text.front() == ':' || text.front() == '$') && is_named) return rest;
  if (text.front() == '<' && text.back() == '>') return text.substr(1, text.size() - 2);
  return is_all_capitals(text) ? text : std::string_view();
}

}  // namespace

std::vector<PathPiece> pieces_of(std::string_view segment) {
  if (const auto name = name_of_all(segment); !name.empty())
    return {{is_all_capitals(name) ? small(name) : std::string(name), true}};
  std::vector<PathPiece> pieces;
  std::string text;
  while (!segment.empty()) {
    const auto* found = std::ranges::find_if(kInside, [&](const Brackets& brackets) {
      return segment.starts_with(brackets.open) &&
             segment.find(brackets.close) != std::string_view::npos;
    });
    if (found == kInside.end()) {
      text += segment.front();
      segment.remove_prefix(1);
      continue;
    }
    if (!text.empty()) pieces.push_back({std::exchange(text, {}), false});
    const auto end = segment.find(found->close);
    const auto name = segment.substr(found->open.size(), end - found->open.size());
    pieces.push_back({is_all_capitals(name) ? small(name) : std::string(name), true});
    segment.remove_prefix(end + found->close.size());
  }
  if (!text.empty()) pieces.push_back({text, false});
  return pieces;
}

bool is_placeholder(std::string_view value) {
  if (value.starts_with("YOUR_") || value.starts_with("your_")) return true;
  if (const auto open = value.find("{{"); open != std::string_view::npos)
    return value.find("}}", open) != std::string_view::npos;
  const bool is_variable = value.starts_with("${") && value.ends_with('}');
  return is_variable ||
         ((value.starts_with('$') || value.starts_with('<')) && !name_of_all(value).empty());
}

bool holds_placeholder(const Value& value) {
  std::vector<const Value*> rest{&value};
  while (!rest.empty()) {
    const auto& part = *rest.back();
    rest.pop_back();
    if (part.is_string() && is_placeholder(part.as_string())) return true;
    for (const auto& item : part.items()) rest.push_back(&item);
    for (const auto& member : part.members()) rest.push_back(&member.value);
  }
  return false;
}

std::string with_quoted_placeholders(std::string_view json) {
  std::string quoted;
  bool is_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const auto end =
        !is_text && json.substr(i).starts_with("{{") ? json.find("}}", i) : std::string_view::npos;
    if (end != std::string_view::npos) {
      quoted += fmt::format("\"{}\"", json.substr(i, end + 2 - i));
      i = end + 1;
      continue;
    }
    quoted += json[i];
    if (json[i] == '"') is_text = !is_text;
    if (is_text && json[i] == '\\' && i + 1 < json.size()) quoted += json[++i];
  }
  return quoted;
}

}  // namespace tba::importing
