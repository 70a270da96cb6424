#include "shared/yaml_reader.h"

#include <catch2/catch.hpp>

using tba::Diagnostics;
using tba::SourceFile;
using tba::yaml::Node;
using tba::yaml::NodePtr;

namespace {

NodePtr read(std::string text, Diagnostics& diagnostics, const tba::yaml::Limits& limits = {}) {
  return tba::yaml::read(std::make_shared<const SourceFile>("a.yaml", std::move(text)), diagnostics,
                         limits);
}

NodePtr read(std::string text) {
  Diagnostics diagnostics;
  auto node = read(std::move(text), diagnostics);
  INFO(diagnostics.render());
  REQUIRE(diagnostics.empty());
  return node;
}

std::string problems(std::string text, const tba::yaml::Limits& limits = {}) {
  Diagnostics diagnostics;
  read(std::move(text), diagnostics, limits);
  std::string all;
  for (const auto& item : diagnostics.items()) {
    all += std::to_string(item.position.line) + ":" + std::to_string(item.position.column) + " " +
           item.message + "\n";
  }
  return all;
}

// The place of each letter of the value of `a` that is no blank: "x1:4 y1:5".
std::string places(const std::string& text) {
  const auto root = read(text);
  const auto* node = root->find("a");
  REQUIRE(node != nullptr);
  std::string all;
  for (std::size_t i = 0; i < node->text.size(); ++i) {
    const char c = node->text[i];
    if (c == ' ' || c == '\n' || (static_cast<unsigned char>(c) & 0xC0U) == 0x80U) continue;
    const auto [line, column] = node->where.position(i);
    all += (all.empty() ? "" : " ") + std::string(static_cast<unsigned char>(c) < 0x80 ? 1 : 0, c) +
           std::to_string(line) + ":" + std::to_string(column);
  }
  return all;
}

}  // namespace

TEST_CASE("yaml: the tree has kinds, texts, order and places") {
  const auto root = read("b: 1\na:\n  - \"x\"\n  - {k: v}\nn:\n");
  REQUIRE(root->kind == Node::Kind::mapping);
  REQUIRE(root->members.size() == 3);
  CHECK(root->members[0].key->text == "b");
  CHECK(root->find("b")->text == "1");
  CHECK_FALSE(root->find("b")->is_quoted);
  const auto* list = root->find("a");
  REQUIRE(list->items.size() == 2);
  CHECK(list->where.place(0) == "a.yaml:3:3");
  CHECK(list->items[0]->is_quoted);
  CHECK(list->items[1]->find("k")->text == "v");
  CHECK(list->items[1]->where.place(0) == "a.yaml:4:5");
  CHECK(root->find("n")->kind == Node::Kind::null);
  CHECK(root->find("n")->where.place(0) == "a.yaml:5:1");
  CHECK(root->find("x") == nullptr);
}

TEST_CASE("yaml: an empty file is null, with a place") {
  CHECK(read("")->kind == Node::Kind::null);
  CHECK(read("# only a comment\n")->kind == Node::Kind::null);
  CHECK(read("")->where.place(0) == "a.yaml:1:1");
}

TEST_CASE("yaml: every letter of a scalar has its place, however it is written") {
  CHECK(places("a: xy z\n") == "x1:4 y1:5 z1:7");
  CHECK(places("a: x\n   y\n\n   z\n") == "x1:4 y2:4 z4:4");
  CHECK(places("a: 'x''y'\n") == "x1:5 '1:6 y1:8");
  CHECK(places("a: 'x\n  y'\n") == "x1:5 y2:3");
  CHECK(places("a: \"x\\ty\"\n") == "x1:5 \t1:6 y1:8");
  CHECK(places("a: \"\\x41B\\u0041C\\U00000041D\"\n") == "A1:5 B1:9 A1:10 C1:16 A1:17 D1:27");
  CHECK(places("a: \"\\u20acx\"\n") == "1:5 x1:11");
  CHECK(places("a: \"x\\\n     y\"\n") == "x1:5 y2:6");
  CHECK(places("a: \"x\n\n  y\"\n") == "x1:5 y3:3");
  CHECK(places("a: |\n  xy\n   z\n") == "x2:3 y2:4 z3:4");
  CHECK(places("a: |  # note\n  xy\n") == "x2:3 y2:4");
  CHECK(places("a: >-\n  x\n  y\n\n  z\n") == "x2:3 y3:3 z5:3");
  CHECK(places("a: |2\n    x\n") == "x2:5");
  CHECK(places("a: |\r\n  x\r\n  y\r\n") == "x2:3 y3:3");
  CHECK(places("a: &n xy\n") == "x1:7 y1:8");
  CHECK(places("é: 1\na: é€x\n") == "2:4 2:5 x2:6");
}

TEST_CASE("yaml: a byte order mark is no part of the text") {
  const auto root = read(
      "\xEF\xBB\xBF"
      "a: x\nb: y\n");
  CHECK(root->find("a")->text == "x");
  CHECK(root->find("b")->where.place(0) == "a.yaml:2:4");
}

TEST_CASE("yaml: aliases share what they name") {
  const auto root = read("a: &x [1, 2]\nb: *x\nc: *x\n");
  CHECK(root->find("a") == root->find("b"));
  CHECK(root->weight == 13);
}

TEST_CASE("yaml: null is told apart from text, and where it is not written its key has its place") {
  const auto root = read("a: ~\nb: \"\"\nc: 'null'\nd: null\ne:\n");
  CHECK(root->find("a")->kind == Node::Kind::null);
  CHECK(root->find("a")->where.place(0) == "a.yaml:1:4");
  CHECK(root->find("b")->kind == Node::Kind::scalar);
  CHECK(root->find("c")->kind == Node::Kind::scalar);
  CHECK(root->find("d")->where.place(0) == "a.yaml:4:4");
  CHECK(root->find("e")->where.place(0) == "a.yaml:5:1");
}

TEST_CASE("yaml: what is wrong with the file is told with its place") {
  CHECK(problems("a: 1\nb: 2\na: 3\n") == "3:1 key 'a' is given twice, first on line 1\n");
  CHECK(problems("[a]: 1\n~: 2\n") ==
        "1:1 a key is text, not a list\n2:1 a key is text, not null\n");
  CHECK(problems("a: !secrets x.y\nb: !!int 3\nc: !secret [x.y]\n!secret x.y: 1\n") ==
        "1:4 unknown tag '!secrets' (did you mean '!secret'?)\n2:4 unknown tag '!!int'\n"
        "3:4 a secret is one field of a credential\n4:9 a key cannot be a secret\n");
  CHECK(problems("a: 1\n---\nb: 2\n") == "2:1 a second document begins here\n");
  CHECK(problems("a: &x [*x]\n") == "1:8 the alias stands inside of what it names\n");
  CHECK(problems("a: *x\n") == "1:4 the alias names no anchor that comes before it\n");
  CHECK(problems("a: \"x\nb: 1\n") == "1:4 the quoted text is not closed\n");
  CHECK(problems("a: b: c\n") == "1:5 a mapping cannot begin inside a value\n");
  CHECK(problems("a: @x\n") == "1:4 no value can begin with this character\n");
  CHECK(problems("a: [1, 2\n") == "2:1 the list that began with '[' cannot go on like this\n");
  CHECK(problems("a: {b: 1\n") == "2:1 the mapping that began with '{' cannot go on like this\n");
  CHECK(problems("- a\nb: c\n") == "2:1 this line belongs to nothing that is open\n");
  CHECK(problems("a: b: 2\n") == "1:5 a mapping cannot begin inside a value\n");
  CHECK(problems("a: 1\n  b: 2\n") ==
        "2:3 this line is indented deeper than the key above it, which has a value\n");
  CHECK(problems("- a:1\n\n  b: 2\n") == "1:4 a blank is missing behind ':'\n");
  CHECK(problems("a: https://x\nb: c: 2\n") == "2:5 a mapping cannot begin inside a value\n");
  CHECK(problems("\n'x': y\n  b: 2\n") == "3:4 a mapping cannot begin inside a value\n");
  CHECK(problems("a: \"\\q\"\n") == "1:7 not YAML: unknown escape character: q\n");
}

TEST_CASE("yaml: an expression that YAML trips over is to be quoted") {
  const auto hint = [](std::string text) {
    Diagnostics diagnostics;
    read(std::move(text), diagnostics);
    REQUIRE(diagnostics.items().size() == 1);
    const auto& item = diagnostics.items().front();
    return std::to_string(item.position.column) + " " + item.hint;
  };
  CHECK(hint("if: ${{ .x | {a: .b} }}\n") ==
        "5 put the whole value in quotes: \"${{ .x | {a: .b} }}\"");
  CHECK(hint("w: { k: ${{ .a }} }\n") == "9 put the whole value in quotes: \"${{ .a }}\"");
  CHECK(hint("w: [ ${{ .a[\"it's\"] }} ]\n") ==
        "6 put the whole value in quotes: '${{ .a[\"it''s\"] }}'");
  CHECK(hint("if: ${{ .x == \"a #b\" }}\n") == "5 put the whole value in quotes");
  CHECK(hint("a: \"${{ .ok }}\"\nw: { k: ${{ .a\n") ==
        "9 put the whole value in quotes: \"${{ … }}\"");
}

TEST_CASE("yaml: a quoted expression is not blamed for what stands behind it") {
  CHECK(problems("a: [\"${{ .x }}\", b: : ]\n").find("quotes") == std::string::npos);
}

TEST_CASE("yaml: text that is not UTF-8, or holds control characters, is refused") {
  CHECK(problems("a: \xff\n") == "1:4 byte 0xff is not text in UTF-8\n");
  CHECK(problems("a: \xc0\xaf\n") == "1:4 byte 0xc0 is not text in UTF-8\n");
  CHECK(problems("a: \xed\xa0\x80\n") == "1:4 byte 0xed is not text in UTF-8\n");
  CHECK(problems("a: \xe2\x82") == "1:4 byte 0xe2 is not text in UTF-8\n");
  CHECK(problems("a: \xf4\x90\x80\x80\n") == "1:4 byte 0xf4 is not text in UTF-8\n");
  CHECK(problems(std::string("a: \x04\n")) == "1:4 byte 0x04 is not text in UTF-8\n");
  CHECK(problems(std::string("a: \0\n", 5)) == "1:4 byte 0x00 is not text in UTF-8\n");
  CHECK(problems("a: \xf0\x9f\x98\x80 \xc3\xa9 \xe2\x82\xac\n").empty());
}

TEST_CASE("yaml: size, depth and aliases are bounded") {
  CHECK(problems(std::string((1 << 20) + 1, '#')) == "1:1 the file is larger than 1MiB\n");
  CHECK(problems(std::string(64, '[') + std::string(64, ']')).empty());
  CHECK(problems(std::string(65, '[') + std::string(65, ']')) ==
        "1:65 the file is nested more than 64 deep\n");
  CHECK(problems(std::string(500'000, '[')).find("nested more than 64 deep") != std::string::npos);
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const auto name = "a" + std::to_string(i);
    laughs += name + ": &" + name + " [";
    for (int k = 0; k < 10; ++k) laughs += "*a" + std::to_string(i - 1) + (k < 9 ? ", " : "]\n");
  }
  CHECK(problems(laughs) == "5:45 the file holds more than 100000 values, aliases written out\n");
}
