#include "shared/import/yaml_value.h"

#include <istream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "shared/value/utf8.h"
#include "shared/yaml_scalars.h"

namespace tba::importing {
namespace {

std::string at(const YAML::Mark& mark, std::string_view message) {
  return fmt::format("line {}, column {}: {}", mark.line + 1, mark.column + 1, message);
}

// What ends the reading of a text. Never leaves parse_yaml().
struct Stop {
  Error error;
};

Value scalar(const std::string& text, bool is_plain) {
  if (!is_plain) return Value::string(text);
  yaml::Node node;
  node.kind = yaml::Node::Kind::scalar;
  node.text = text;
  if (const auto boolean = as_boolean(node)) return Value::boolean(*boolean);
  if (const auto integer = as_integer(node)) return Value::integer(*integer);
  if (const auto number = as_number(node)) return Value::number(*number);
  return Value::string(text);
}

class ValueMaker final : public YAML::EventHandler {
 public:
  explicit ValueMaker(const YamlLimits& limits) : limits_(limits) {}

  Value root() && { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add({}, anchor, mark); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Stop{{ErrorCode::invalid, at(mark, "the alias stands inside of what it names"), ""}};
    }
    add(found->second, 0, mark);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (!open_.empty() && open_.back().is_mapping && !open_.back().key) {
      open_.back().key = text;
      if (anchor != 0) anchors_[anchor] = Value::string(text);
      return;
    }
    add(scalar(text, tag == "?"), anchor, mark);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor, false);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor, true);
  }
  void OnMapEnd() override { close(); }

 private:
  // A sequence or a mapping that has begun.
  struct Open {
    bool is_mapping;
    YAML::anchor_t anchor;
    YAML::Mark mark;
    std::optional<std::string> key;  // of a mapping, where the value is to come
    ArrayBuilder items;
    ObjectBuilder members;
  };

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, bool is_mapping) {
    if (open_.size() >= limits_.depth) {
      throw Stop{{ErrorCode::limit_exceeded,
                  at(mark, fmt::format("it is nested more than {} deep", limits_.depth)), ""}};
    }
    open_.push_back({is_mapping, anchor, mark, {}, {}, {}});
  }

  void close() {
    auto done = std::move(open_.back());
    open_.pop_back();
    add(done.is_mapping ? std::move(done.members).build() : std::move(done.items).build(),
        done.anchor, done.mark);
  }

  void add(Value value, YAML::anchor_t anchor, const YAML::Mark& mark) {
    if (anchor != 0) anchors_[anchor] = value;
    if (value.bytes() > limits_.value_bytes) {
      throw Stop{{ErrorCode::limit_exceeded, at(mark, "aliases make it too large"), ""}};
    }
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    auto& parent = open_.back();
    if (!parent.is_mapping) {
      parent.items.add(std::move(value));
    } else if (!parent.key) {
      if (!value.is_null() && !value.is_string())
        throw Stop{{ErrorCode::invalid, at(mark, "a key is text"), ""}};
      parent.key = value.is_null() ? "null" : std::string(value.as_string());
    } else {
      parent.members.put(*parent.key, std::move(value));
      parent.key.reset();
    }
  }

  const YamlLimits& limits_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Value> anchors_;
  Value root_;
};

}  // namespace

Result<Value> parse_yaml(std::string_view text, const YamlLimits& limits) {
  if (find_invalid_utf8(text) != std::string_view::npos)
    return Error{ErrorCode::invalid, "it is not text in UTF-8", ""};
  ValueMaker maker(limits);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser(stream).HandleNextDocument(maker);
  } catch (Stop& stop) {
    return std::move(stop.error);
  } catch (const YAML::Exception& failure) {
    return Error{ErrorCode::invalid, at(failure.mark, failure.msg), ""};
  }
  return std::move(maker).root();
}

}  // namespace tba::importing
