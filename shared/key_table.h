#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/diagnostic.h"
#include "shared/value/value.h"
#include "shared/yaml_reader.h"

/// Mappings of a file that are described by a table of their keys. The readers of workflows,
/// connectors and the configuration work from such tables, and the JSON Schemas in shared/schema
/// are tested against the same ones.
namespace tba {

struct KeyTable;

/// What the value of a key may be. Only `condition`, `templated`, `templated_list`, `value`,
/// `value_map` and `value_or_table` may hold expressions.
enum class KeyType {
  text,              ///< A scalar, taken as it is written.
  name,              ///< A letter, then letters, digits, '_' and '-'.
  boolean,           ///< true or false.
  integer,           ///< Within the key's range.
  number,            ///< Within the key's range.
  duration,          ///< "1h30m"
  size,              ///< "64KiB"
  choice,            ///< One of the key's choices.
  choice_list,       ///< A list of the key's choices, not empty.
  condition,         ///< A boolean, or exactly one expression.
  templated,         ///< A scalar.
  templated_list,    ///< A scalar, or a list of scalars, not empty.
  value,             ///< Anything.
  value_map,         ///< A mapping of anything.
  literal,           ///< Anything.
  literal_list,      ///< A list of anything, not empty.
  literal_map,       ///< A mapping of anything.
  text_list,         ///< A list of scalars, not empty.
  text_or_list,      ///< A scalar, or such a list.
  text_map,          ///< A mapping of scalars.
  shape,             ///< A Shape; read_shape() checks it.
  shape_map,         ///< A mapping of shapes.
  table,             ///< A mapping by the key's table.
  table_list,        ///< A list of such mappings.
  table_or_list,     ///< One such mapping, or a list of them.
  boolean_or_table,  ///< true, false or such a mapping.
  value_or_table,    ///< Anything; a mapping is such a one.
  table_map,         ///< A mapping of names to such mappings.
  table_lists,       ///< A mapping of names to lists of them.
};

/// A key that a mapping may have.
struct Key {
  std::string_view name;
  KeyType type = KeyType::text;
  bool is_required = false;
  std::string_view description;                    ///< A phrase, for editors and manuals.
  const KeyTable* table = nullptr;                 ///< Of the types that need one.
  std::span<const std::string_view> choices = {};  ///< Of KeyType::choice and choice_list.
  std::int64_t minimum = std::numeric_limits<std::int64_t>::min();  ///< Of integer and number.
  std::int64_t maximum = std::numeric_limits<std::int64_t>::max();
  std::string_view instead_of_expression = {};  ///< A hint for who writes one where none can be.
  bool takes_secrets = false;  ///< Of value, value_map and templated: whether it may hold any.
};

/// What somebody may write who is used to other files, and what it is called here.
struct OtherWord {
  std::string_view word;
  std::string_view key;        ///< Of the table; or empty where the hint says it.
  std::string_view hint = {};  ///< Or empty.
};

/// The keys of a kind of mapping.
struct KeyTable {
  std::string_view id;    ///< Its name in a JSON Schema.
  std::string_view what;  ///< "a step": for messages.
  std::span<const Key> keys;
  std::span<const std::string_view> exactly_one = {};  ///< One of these keys must be there.
  std::span<const std::string_view> reserved = {};     ///< Keys that a later version will know.
  std::span<const OtherWord> other_words = {};         ///< For suggestions.

  const Key* find(std::string_view name) const;
};

/// A mapping of a file, checked against a table. Unknown keys, missing ones, and values of a wrong
/// type have been added to the diagnostics by the constructor; the getters give only what passed
/// (of a mapping of names or of texts also those members that did not).
/// Node, table and diagnostics must outlive it.
class Fields {
 public:
  /// A null node counts as an empty mapping.
  Fields(const yaml::Node& node, const KeyTable& table, Diagnostics& diagnostics);

  /// The value of that key; null if it is not there or was wrong.
  const yaml::Node* find(std::string_view key) const;

  /// Whether the key was written, be its value right or wrong.
  bool has(std::string_view key) const { return node_.find(key) != nullptr; }

  /// The key as it stands in the file, for errors about it; null if it is not there.
  const yaml::Node* key(std::string_view name) const;

  /// Which of the table's `exactly_one` was written; empty if none or several, already reported.
  std::string_view chosen() const { return chosen_; }

  std::string text(std::string_view key, std::string_view otherwise = {}) const;
  bool boolean(std::string_view key, bool otherwise) const;
  std::int64_t integer(std::string_view key, std::int64_t otherwise) const;
  double number(std::string_view key, double otherwise) const;
  std::optional<std::chrono::milliseconds> duration(std::string_view key) const;
  std::uint64_t size(std::string_view key, std::uint64_t otherwise) const;
  std::vector<std::string> texts(
      std::string_view key) const;  ///< Of text_list, text_or_list, choice_list.
  std::vector<std::pair<std::string, std::string>> text_map(std::string_view key) const;
  std::vector<const yaml::Node*> tables(std::string_view key) const;  ///< Of table_(or_)list.

  const yaml::Node& node() const { return node_; }
  Diagnostics& diagnostics() const { return diagnostics_; }

 private:
  void check_keys(const KeyTable& table);
  void report_unknown(const KeyTable& table, const yaml::Node& name);
  void check_exactly_one(const KeyTable& table);

  const yaml::Node& node_;
  Diagnostics& diagnostics_;
  std::map<std::string_view, const yaml::Node*> good_;
  std::string_view chosen_;
  bool has_unknown_ = false;
};

/// Adds an error for each secret in the node; true if there is any.
bool refuse_secrets(const yaml::Node& node, Diagnostics& diagnostics);

/// Whether the text may be the name of something: a letter, then letters, digits, '_' and '-'.
bool is_name(std::string_view text);

}  // namespace tba
