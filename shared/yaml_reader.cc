#include "shared/yaml_reader.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "shared/size.h"
#include "shared/suggestion.h"
#include "shared/value/utf8.h"
#include "shared/yaml_syntax.h"

namespace tba::yaml {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
bool is_space(char c) {
  return is_blank(c) || c == '\n' || c == '\r';
}

// The offset of the first byte that is no UTF-8, or a control character that YAML does not allow.
std::optional<std::size_t> first_bad_byte(std::string_view text) {
  const auto invalid = find_invalid_utf8(text);
  const auto valid = text.substr(0, invalid);
  const auto* const control = std::find_if(valid.begin(), valid.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && !is_space(c)) || c == 0x7f;
  });
  const auto bad =
      control != valid.end() ? static_cast<std::size_t>(control - valid.begin()) : invalid;
  return bad != std::string_view::npos ? std::optional(bad) : std::nullopt;
}

// Finds where each byte of a scalar stands, by walking its decoded and its written form side by
// side. Where the two cannot be brought together, what was found so far stays.
class Alignment {
 public:
  Alignment(std::string_view source, std::size_t begin, std::string_view decoded)
      : source_(source), decoded_(decoded), at_(begin) {
    skip_properties();
    begin_of_text();
    while (done_ < decoded_.size() && at_ < source_.size() && advance()) {
    }
    place();
  }

  std::vector<SourcePositions::Run> runs() && { return std::move(runs_); }

  // Whether the file ended before the closing quote.
  bool is_unclosed() const {
    return quote_ != 0 && source_.find_first_not_of(" \t\r\n", at_) == std::string_view::npos;
  }

 private:
  char here() const { return at_ < source_.size() ? source_[at_] : '\0'; }

  void skip_properties() {
    while (here() == '&' || here() == '!') {
      while (at_ < source_.size() && !is_space(here())) ++at_;
      while (is_space(here())) ++at_;
    }
  }

  void begin_of_text() {
    if (here() == '"' || here() == '\'') {
      quote_ = source_[at_++];
    } else if (here() == '|' || here() == '>') {
      at_ = std::min(source_.find('\n', at_), source_.size() - 1) + 1;
    }
  }

  void place() {
    if (!runs_.empty() && at_ - done_ == runs_.back().source - runs_.back().decoded) return;
    runs_.push_back({done_, at_});
  }

  void take(std::size_t decoded, std::size_t source) {
    place();
    done_ += decoded;
    at_ += source;
  }

  bool advance() {
    const char wanted = decoded_[done_];
    if (quote_ == '"' && here() == '\\') return take_escape();
    if (here() == wanted) {
      take(1, quote_ == '\'' && wanted == '\'' ? 2 : 1);
    } else if (is_space(here()) && (wanted == ' ' || wanted == '\n')) {
      take(1, 0);  // a folded line break, whose blanks the next letter skips
      if (wanted == '\n') at_ = std::min(source_.find('\n', at_), source_.size() - 1) + 1;
    } else if (is_space(here())) {
      ++at_;
    } else {
      return false;
    }
    return true;
  }

  bool take_escape() {
    const char kind = at_ + 1 < source_.size() ? source_[at_ + 1] : '\0';
    if (kind == '\n' || kind == '\r') {
      at_ = std::min(source_.find('\n', at_), source_.size() - 1) + 1;
      while (is_blank(here())) ++at_;
      return true;
    }
    const auto lead = static_cast<unsigned char>(decoded_[done_]);
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    take(length, kind == 'x' ? 4 : kind == 'u' ? 6 : kind == 'U' ? 10 : 2);
    return true;
  }

  std::string_view source_;
  std::string_view decoded_;
  std::size_t at_;
  std::size_t done_ = 0;
  char quote_ = 0;
  std::vector<SourcePositions::Run> runs_;
};

constexpr std::string_view kSecretTag = "!secret";

// What ends the reading of a file, its reason already told. Never leaves read().
struct Stop {};

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const std::shared_ptr<const SourceFile>& file, Diagnostics& diagnostics,
              const Limits& limits)
      : file_(file), diagnostics_(diagnostics), limits_(limits) {}

  NodePtr root() const { return root_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 0) return;
    if (file_->text().compare(offset(mark), 3, "---") == 0) {
      stop(mark, "a second document begins here", "keep one in each file");
    }
    stop(mark, "this line belongs to nothing that is open", "check the indentation");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    auto node = make(mark, Node::Kind::null);
    if (is_value() && !is_written_null(mark)) node->where = open_.back().key->where;
    finish(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) stop(mark, "the alias stands inside of what it names", "");
    count(found->second->weight, mark);
    add(found->second);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    auto node = make(mark, Node::Kind::scalar);
    node->text = value;
    node->is_quoted = tag != "?";
    node->is_secret = tag == kSecretTag;
    if (!node->is_secret) check_tag(mark, tag);
    Alignment alignment(file_->text(), offset(mark), value);
    const bool is_unclosed = alignment.is_unclosed();
    node->where = SourcePositions(file_, std::move(alignment).runs());
    if (is_unclosed) stop(mark, "the quoted text is not closed", "");
    if (!node->is_quoted) check_for_comment(*node);
    finish(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, Node::Kind::sequence);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, Node::Kind::mapping);
  }
  void OnMapEnd() override { close(); }

  // Where a mark of yaml-cpp, which counts bytes from behind the byte order mark, stands.
  std::size_t offset(const YAML::Mark& mark) const {
    const std::size_t skipped = file_->text().starts_with("\xEF\xBB\xBF") ? 3 : 0;
    return std::min(skipped + static_cast<std::size_t>(std::max(mark.pos, 0)),
                    file_->text().size());
  }

 private:
  // A sequence or a mapping that has begun.
  struct Open {
    std::shared_ptr<Node> node;
    YAML::anchor_t anchor;
    NodePtr key;  // of a mapping, where the value is to come
    std::map<std::string_view, const Node*> keys;
  };

  [[noreturn]] void stop(const YAML::Mark& mark, std::string message, std::string hint) {
    diagnostics_.error(place(mark), 0, 1, std::move(message), std::move(hint));
    throw Stop{};
  }

  SourcePositions place(const YAML::Mark& mark) const { return {file_, {{0, offset(mark)}}}; }

  std::shared_ptr<Node> make(const YAML::Mark& mark, Node::Kind kind) {
    count(1, mark);
    auto node = std::make_shared<Node>();
    node->kind = kind;
    node->where = place(mark);
    return node;
  }

  void count(std::size_t weight, const YAML::Mark& mark) {
    weight_ += weight;
    if (weight_ > limits_.weight) {
      stop(mark,
           fmt::format("the file holds more than {} values, aliases written out", limits_.weight),
           "");
    }
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag == "?" || tag == "!" || tag.empty()) return;
    constexpr std::string_view kStandard = "tag:yaml.org,2002:";
    const auto shown = tag.starts_with(kStandard) ? "!!" + tag.substr(kStandard.size()) : tag;
    if (tag == kSecretTag) {
      diagnostics_.error(place(mark), 0, shown.size(), "a secret is one field of a credential",
                         "such as !secret clan-discord.token");
    } else {
      const std::vector<std::string> known{std::string(kSecretTag)};
      diagnostics_.error(place(mark), 0, shown.size(),
                         fmt::format("unknown tag '{}'{}", shown, did_you_mean(shown, known)));
    }
  }

  bool is_value() const { return !open_.empty() && open_.back().key; }

  bool is_written_null(const YAML::Mark& mark) const {
    const auto rest = std::string_view(file_->text()).substr(offset(mark));
    constexpr std::array<std::string_view, 4> kForms{"~", "null", "Null", "NULL"};
    return std::any_of(kForms.begin(), kForms.end(),
                       [&](std::string_view form) { return rest.starts_with(form); });
  }

  // `if: ${{ .a == "x #1" }}` is cut off by YAML without a word.
  void check_for_comment(const Node& node) {
    const auto begin = node.text.rfind("${{");
    if (begin == std::string::npos || node.text.find("}}", begin) != std::string::npos) return;
    const auto position = node.where.position(node.text.size());
    const auto line = file_->line(position.line);
    if (line.find(" #") == std::string_view::npos) return;
    diagnostics_.error(node.where, begin, 3, "YAML takes what follows ' #' for a comment",
                       "put the whole value in quotes");
    throw Stop{};
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            Node::Kind kind) {
    check_tag(mark, tag);
    if (open_.size() >= limits_.depth) {
      stop(mark, fmt::format("the file is nested more than {} deep", limits_.depth), "");
    }
    open_.push_back({make(mark, kind), anchor, nullptr, {}});
  }

  void close() {
    auto [node, anchor, key, keys] = std::move(open_.back());
    open_.pop_back();
    finish(std::move(node), anchor);
  }

  void finish(std::shared_ptr<Node> node, YAML::anchor_t anchor) {
    for (const auto& item : node->items) node->weight += item->weight;
    for (const auto& member : node->members) node->weight += 1 + member.value->weight;
    if (anchor != 0) anchors_[anchor] = node;
    add(std::move(node));
  }

  void add(NodePtr node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    auto& parent = open_.back();
    if (parent.node->kind == Node::Kind::sequence) {
      parent.node->items.push_back(std::move(node));
    } else if (!parent.key) {
      parent.key = std::move(node);
    } else {
      add_member({std::exchange(parent.key, nullptr), std::move(node)});
    }
  }

  void add_member(Member member) {
    auto& parent = open_.back();
    if (member.key->kind != Node::Kind::scalar) {
      member.key->error(diagnostics_, fmt::format("a key is text, not {}", member.key->kind_name()),
                        member.key->kind == Node::Kind::null ? "put it in quotes" : "");
      return;
    }
    if (member.key->is_secret) {
      member.key->error(diagnostics_, "a key cannot be a secret");
      return;
    }
    const auto [earlier, is_new] = parent.keys.emplace(member.key->text, member.key.get());
    if (is_new) {
      parent.node->members.push_back(std::move(member));
      return;
    }
    member.key->error(diagnostics_,
                      fmt::format("key '{}' is given twice, first on line {}", member.key->text,
                                  earlier->second->where.position(0).line));
  }

  const std::shared_ptr<const SourceFile>& file_;
  Diagnostics& diagnostics_;
  const Limits& limits_;
  int documents_ = 0;
  std::size_t weight_ = 0;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, NodePtr> anchors_;
  NodePtr root_;
};

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const auto& member : members) {
    if (member.key->text == key) return member.value.get();
  }
  return nullptr;
}

std::string_view Node::kind_name() const {
  switch (kind) {
    case Kind::null:
      return "null";
    case Kind::scalar:
      return is_secret ? "a secret" : "text";
    case Kind::sequence:
      return "a list";
    case Kind::mapping:
      return "a mapping";
  }
  return "null";
}

void Node::error(Diagnostics& diagnostics, std::string message, std::string hint) const {
  diagnostics.error(where, 0, std::max<std::size_t>(text.size(), 1), std::move(message),
                    std::move(hint));
}

NodePtr read(const std::shared_ptr<const SourceFile>& file, Diagnostics& diagnostics,
             const Limits& limits) {
  const auto& text = file->text();
  if (text.size() > limits.bytes) {
    diagnostics.error({file, {{0, 0}}}, 0, 1,
                      fmt::format("the file is larger than {}", format_size(limits.bytes)));
    return nullptr;
  }
  if (const auto bad = first_bad_byte(text)) {
    diagnostics.error(
        {file, {{0, *bad}}}, 0, 1,
        fmt::format("byte 0x{:02x} is not text in UTF-8", static_cast<unsigned char>(text[*bad])),
        "save the file as UTF-8 without control characters");
    return nullptr;
  }
  TreeBuilder builder(file, diagnostics, limits);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop&) {
    return nullptr;
  } catch (const YAML::Exception& failure) {
    report_syntax(file, builder.offset(failure.mark), failure.msg, diagnostics);
    return nullptr;
  }
  if (builder.root()) return builder.root();
  auto nothing = std::make_shared<Node>();
  nothing->where = {file, {{0, 0}}};
  return nothing;
}

}  // namespace tba::yaml
