#include "shared/key_table.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "shared/duration.h"
#include "shared/size.h"
#include "shared/suggestion.h"
#include "shared/yaml_scalars.h"

namespace tba {
namespace {

using Kind = yaml::Node::Kind;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string names(std::span<const std::string_view> choices) {
  return fmt::format("{}", fmt::join(choices, ", "));
}

// Whether the values of such keys are read by tables of their own.
bool has_own_keys(KeyType type) {
  return type == KeyType::table || type == KeyType::table_list || type == KeyType::table_or_list ||
         type == KeyType::table_map || type == KeyType::table_lists ||
         type == KeyType::boolean_or_table || type == KeyType::value_or_table;
}

// Checks the values of one mapping; each check reports what it finds.
class ValueCheck {
 public:
  ValueCheck(const Key& key, const yaml::Node& node, Diagnostics& diagnostics)
      : key_(key), node_(node), diagnostics_(diagnostics) {}

  bool passes() {
    const bool may_have_secrets = key_.takes_secrets || has_own_keys(key_.type);
    if (!may_have_secrets && refuse_secrets(node_, diagnostics_)) return false;
    switch (key_.type) {
      case KeyType::text:
        return is_text(node_, "text");
      case KeyType::name:
        return is_text(node_, "a name") && check_name(node_);
      case KeyType::boolean:
        return as_boolean(node_) || wrong("must be true or false", hint_for_boolean());
      case KeyType::integer:
        return check_integer();
      case KeyType::number:
        return check_number();
      case KeyType::duration:
        return is_text(node_, "a duration") && check(parse_duration(node_.text));
      case KeyType::size:
        return is_text(node_, "a size") && check(parse_size(node_.text));
      case KeyType::choice:
        return is_text(node_, "text") && check_choice(node_);
      case KeyType::choice_list:
        return is(Kind::sequence, "a list") && check_texts() && check_choices();
      case KeyType::condition:
        return as_boolean(node_) || is_scalar(node_, "true, false or an expression");
      case KeyType::templated:
        return is_scalar(node_, "text");
      case KeyType::templated_list:
        return node_.kind == Kind::scalar ||
               (is(Kind::sequence, "text or a list") && check_scalars());
      case KeyType::value:
      case KeyType::literal:
      case KeyType::shape:
        return true;
      case KeyType::value_map:
      case KeyType::literal_map:
      case KeyType::shape_map:
      case KeyType::table:
        return is(Kind::mapping, "a mapping");
      case KeyType::table_map:
        return is(Kind::mapping, "a mapping") && check_names();
      case KeyType::table_lists:
        return is(Kind::mapping, "a mapping") && check_names() && check_lists();
      case KeyType::text_list:
        return is(Kind::sequence, "a list") && check_texts();
      case KeyType::literal_list:
        return is(Kind::sequence, "a list") && check_not_empty();
      case KeyType::text_or_list:
        return node_.kind == Kind::scalar ? is_text(node_, "text")
                                          : is(Kind::sequence, "text or a list") && check_texts();
      case KeyType::text_map:
        return is(Kind::mapping, "a mapping") && check_text_members();
      case KeyType::table_list:
        return is(Kind::sequence, "a list");
      case KeyType::table_or_list:
        return node_.kind == Kind::mapping || is(Kind::sequence, "a mapping or a list of them");
      case KeyType::boolean_or_table:
        return as_boolean(node_) || node_.kind == Kind::mapping ||
               wrong("must be true, false or a mapping", hint_for_boolean());
      case KeyType::value_or_table:
        return node_.kind == Kind::mapping || !refuse_secrets(node_, diagnostics_);
    }
    return false;
  }

 private:
  bool wrong(std::string_view must, std::string hint = {}) {
    node_.error(diagnostics_, fmt::format("'{}' {}", key_.name, must), std::move(hint));
    return false;
  }

  std::string hint_for_boolean() const {
    if (node_.text == "true" || node_.text == "false") return "without quotes";
    const bool is_old =
        node_.text == "yes" || node_.text == "no" || node_.text == "on" || node_.text == "off";
    return is_old ? fmt::format("YAML 1.2 takes '{}' for text", node_.text) : "";
  }

  // How a value of that kind is written.
  std::string form_of(Kind kind) const {
    if (kind == Kind::sequence && node_.kind == Kind::mapping) return "begin each item with '- '";
    if (key_.type == KeyType::table_or_list && key_.table->find(node_.text) != nullptr)
      return fmt::format("write `{}: {{ {}: {{}} }}`", key_.name, node_.text);
    if (kind != Kind::mapping || key_.type != KeyType::table) return "";
    std::vector<std::string_view> keys;
    for (const auto& key : key_.table->keys) keys.push_back(key.name);
    return "its keys are: " + names(keys);
  }

  bool is(Kind kind, std::string_view wanted) {
    const bool may_be_empty =
        node_.kind == Kind::null && key_.type != KeyType::text_list &&
        key_.type != KeyType::text_or_list && key_.type != KeyType::templated_list &&
        key_.type != KeyType::literal_list && key_.type != KeyType::choice_list;
    if (node_.kind == kind || may_be_empty) return true;
    return wrong(fmt::format("must be {}, not {}", wanted, node_.kind_name()), form_of(kind));
  }

  bool is_scalar(const yaml::Node& node, std::string_view wanted) {
    if (node.kind == Kind::scalar) return true;
    if (node.kind == Kind::null) return wrong("has no value");
    node.error(diagnostics_,
               fmt::format("'{}' must be {}, not {}", key_.name, wanted, node.kind_name()));
    return false;
  }

  bool is_text(const yaml::Node& node, std::string_view wanted) {
    if (!is_scalar(node, wanted)) return false;
    const auto at = node.text.find("${{");
    if (at == std::string::npos) return true;
    diagnostics_.error(node.where, at, 3, fmt::format("'{}' cannot hold an expression", key_.name),
                       std::string(key_.instead_of_expression));
    return false;
  }

  template <class T>
  bool check(const Result<T>& read) {
    if (read.has_value()) return true;
    node_.error(diagnostics_, read.error().message, read.error().hint);
    return false;
  }

  bool check_name(const yaml::Node& node) {
    if (is_name(node.text)) return true;
    node.error(diagnostics_, fmt::format("'{}' is not a name", node.text),
               "begin with a letter; go on with letters, digits, '_' and '-'");
    return false;
  }

  // A bad name does not keep what it names from being checked.
  bool check_names() {
    for (const auto& member : node_.members) check_name(*member.key);
    return true;
  }

  bool check_lists() {
    bool passed = true;
    for (const auto& [name, value] : node_.members) {
      if (value->kind == Kind::sequence) continue;
      value->error(diagnostics_,
                   fmt::format("'{}' must be a list, not {}", name->text, value->kind_name()));
      passed = false;
    }
    return passed;
  }

  std::string range() const {
    constexpr auto kNoMaximum = std::numeric_limits<std::int64_t>::max();
    return key_.maximum == kNoMaximum ? fmt::format("of at least {}", key_.minimum)
                                      : fmt::format("from {} to {}", key_.minimum, key_.maximum);
  }

  bool check_integer() {
    const auto number = as_integer(node_);
    if (number && *number >= key_.minimum && *number <= key_.maximum) return true;
    return wrong(fmt::format("must be an integer {}", range()));
  }

  bool check_number() {
    const auto number = as_number(node_);
    if (number && *number >= static_cast<double>(key_.minimum) &&
        *number <= static_cast<double>(key_.maximum)) {
      return true;
    }
    return wrong(fmt::format("must be a number {}", range()));
  }

  bool check_choice(const yaml::Node& node) {
    if (std::find(key_.choices.begin(), key_.choices.end(), node.text) != key_.choices.end()) {
      return true;
    }
    const std::vector<std::string> known(key_.choices.begin(), key_.choices.end());
    node.error(
        diagnostics_,
        fmt::format("'{}' cannot be '{}'{}", key_.name, node.text, did_you_mean(node.text, known)),
        "one of: " + names(key_.choices));
    return false;
  }

  bool check_choices() {
    bool passed = true;
    for (const auto& item : node_.items) passed &= check_choice(*item);
    return passed;
  }

  bool check_texts() {
    if (!check_not_empty()) return false;
    bool passed = true;
    for (const auto& item : node_.items) passed &= is_text(*item, "a list of texts");
    return passed;
  }

  bool check_not_empty() { return !node_.items.empty() || wrong("is an empty list"); }

  bool check_scalars() {
    if (!check_not_empty()) return false;
    bool passed = true;
    for (const auto& item : node_.items) passed &= is_scalar(*item, "a list of texts");
    return passed;
  }

  // Nor does a bad value keep its neighbours from it.
  bool check_text_members() {
    for (const auto& member : node_.members) is_text(*member.value, "a mapping of texts");
    return true;
  }

  const Key& key_;
  const yaml::Node& node_;
  Diagnostics& diagnostics_;
};

}  // namespace

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 100 && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; });
}

bool refuse_secrets(const yaml::Node& node, Diagnostics& diagnostics) {
  if (node.is_secret) {
    node.error(diagnostics, "a secret cannot stand here",
               "`!secret` takes the place of a whole value in the `env` of `run`, the `with` of "
               "`call`, and in query, headers and body of `http`");
  }
  bool found = node.is_secret;
  for (const auto& item : node.items) found |= refuse_secrets(*item, diagnostics);
  for (const auto& member : node.members) found |= refuse_secrets(*member.value, diagnostics);
  return found;
}

const Key* KeyTable::find(std::string_view name) const {
  const auto found =
      std::find_if(keys.begin(), keys.end(), [&](const Key& key) { return key.name == name; });
  return found != keys.end() ? &*found : nullptr;
}

Fields::Fields(const yaml::Node& node, const KeyTable& table, Diagnostics& diagnostics)
    : node_(node), diagnostics_(diagnostics) {
  if (node.kind != Kind::mapping && node.kind != Kind::null) {
    node.error(diagnostics, fmt::format("{} is a mapping, not {}", table.what, node.kind_name()),
               table.find(node.text) != nullptr ? fmt::format("write `{}: …`", node.text) : "");
    return;
  }
  check_keys(table);
  check_exactly_one(table);
}

void Fields::check_keys(const KeyTable& table) {
  for (const auto& [name, value] : node_.members) {
    const auto* key = table.find(name->text);
    if (key == nullptr) {
      has_unknown_ = true;
      if (std::ranges::find(table.reserved, name->text) != table.reserved.end()) {
        name->error(diagnostics_, fmt::format("this version does not know '{}' yet", name->text));
        continue;
      }
      report_unknown(table, *name);
    } else if (ValueCheck(*key, *value, diagnostics_).passes()) {
      good_.emplace(key->name, value.get());
    }
  }
  for (const auto& key : table.keys) {
    if (key.is_required && !has(key.name)) {
      node_.error(diagnostics_, fmt::format("{} needs the key '{}'", table.what, key.name));
    }
  }
}

void Fields::report_unknown(const KeyTable& table, const yaml::Node& name) {
  std::string meant;
  std::string hint;
  for (const auto& [word, key, other_hint] : table.other_words) {
    if (word != name.text) continue;
    if (!key.empty()) meant = fmt::format(" (did you mean '{}'?)", key);
    hint = other_hint;
  }
  if (meant.empty() && hint.empty()) {
    std::vector<std::string> known;
    for (const auto& each : table.keys) known.emplace_back(each.name);
    meant = did_you_mean(name.text, known);
  }
  name.error(diagnostics_, fmt::format("{} has no key '{}'{}", table.what, name.text, meant),
             std::move(hint));
}

void Fields::check_exactly_one(const KeyTable& table) {
  if (table.exactly_one.empty()) return;
  std::vector<const yaml::Node*> written;
  for (const auto& name : table.exactly_one) {
    if (!has(name)) continue;
    written.push_back(key(name));
    chosen_ = name;
  }
  if (written.size() == 1) return;
  chosen_ = {};
  if (written.empty()) {
    if (has_unknown_) return;  // that is what should have been the one
    node_.error(diagnostics_,
                fmt::format("{} needs one of: {}", table.what, names(table.exactly_one)));
  } else {
    std::sort(written.begin(), written.end(), [](const auto* left, const auto* right) {
      return left->where.position(0) < right->where.position(0);
    });
    written[1]->error(diagnostics_, fmt::format("{} has either '{}' or '{}', not both", table.what,
                                                written[0]->text, written[1]->text));
  }
}

const yaml::Node* Fields::find(std::string_view key) const {
  const auto found = good_.find(key);
  return found != good_.end() ? found->second : nullptr;
}

const yaml::Node* Fields::key(std::string_view name) const {
  for (const auto& member : node_.members) {
    if (member.key->text == name) return member.key.get();
  }
  return nullptr;
}

std::string Fields::text(std::string_view key, std::string_view otherwise) const {
  const auto* node = find(key);
  return node != nullptr ? node->text : std::string(otherwise);
}

bool Fields::boolean(std::string_view key, bool otherwise) const {
  const auto* node = find(key);
  return node != nullptr ? as_boolean(*node).value_or(otherwise) : otherwise;
}

std::int64_t Fields::integer(std::string_view key, std::int64_t otherwise) const {
  const auto* node = find(key);
  return node != nullptr ? as_integer(*node).value_or(otherwise) : otherwise;
}

double Fields::number(std::string_view key, double otherwise) const {
  const auto* node = find(key);
  return node != nullptr ? as_number(*node).value_or(otherwise) : otherwise;
}

std::optional<std::chrono::milliseconds> Fields::duration(std::string_view key) const {
  const auto* node = find(key);
  return node != nullptr ? std::optional(parse_duration(node->text).value()) : std::nullopt;
}

std::uint64_t Fields::size(std::string_view key, std::uint64_t otherwise) const {
  const auto* node = find(key);
  return node != nullptr ? parse_size(node->text).value() : otherwise;
}

std::vector<std::string> Fields::texts(std::string_view key) const {
  std::vector<std::string> texts;
  const auto* node = find(key);
  if (node == nullptr) return texts;
  if (node->kind == Kind::scalar) texts.push_back(node->text);
  for (const auto& item : node->items) texts.push_back(item->text);
  return texts;
}

std::vector<std::pair<std::string, std::string>> Fields::text_map(std::string_view key) const {
  std::vector<std::pair<std::string, std::string>> texts;
  if (const auto* node = find(key)) {
    for (const auto& member : node->members) {
      texts.emplace_back(member.key->text, member.value->text);
    }
  }
  return texts;
}

std::vector<const yaml::Node*> Fields::tables(std::string_view key) const {
  std::vector<const yaml::Node*> tables;
  const auto* node = find(key);
  if (node == nullptr) return tables;
  if (node->kind == Kind::mapping) tables.push_back(node);
  for (const auto& item : node->items) tables.push_back(item.get());
  return tables;
}

}  // namespace tba
