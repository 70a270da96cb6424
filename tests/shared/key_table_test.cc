#include "shared/key_table.h"

#include <array>

#include <catch2/catch.hpp>

#include "shared/value/json.h"
#include "shared/yaml_scalars.h"

using tba::Diagnostics;
using tba::Fields;
using tba::Key;
using tba::KeyTable;
using tba::KeyType;
using namespace std::chrono_literals;
using namespace std::string_view_literals;

namespace {

constexpr std::array kColours{"red"sv, "green"sv};
constexpr std::array kInnerKeys{Key{.name = "x", .description = ""}};
constexpr KeyTable kInner{"inner", "an inner", kInnerKeys};
constexpr std::array kKeys{
    Key{.name = "text", .description = ""},
    Key{.name = "name", .type = KeyType::name, .description = ""},
    Key{.name = "flag", .type = KeyType::boolean, .description = ""},
    Key{.name = "count", .type = KeyType::integer, .description = "", .minimum = 1, .maximum = 9},
    Key{.name = "least", .type = KeyType::integer, .description = "", .minimum = 0},
    Key{.name = "factor", .type = KeyType::number, .description = "", .minimum = 1, .maximum = 5},
    Key{.name = "pause", .type = KeyType::duration, .description = ""},
    Key{.name = "bytes", .type = KeyType::size, .description = ""},
    Key{.name = "colour", .type = KeyType::choice, .description = "", .choices = kColours},
    Key{.name = "if", .type = KeyType::condition, .description = ""},
    Key{.name = "words", .type = KeyType::text_list, .description = ""},
    Key{.name = "word", .type = KeyType::text_or_list, .description = ""},
    Key{.name = "pairs", .type = KeyType::text_map, .description = ""},
    Key{.name = "one", .type = KeyType::table, .description = "", .table = &kInner},
    Key{.name = "many", .type = KeyType::table_list, .description = "", .table = &kInner},
    Key{.name = "some", .type = KeyType::table_or_list, .description = "", .table = &kInner},
    Key{.name = "named", .type = KeyType::table_map, .description = "", .table = &kInner},
};
constexpr KeyTable kTable{"thing", "a thing", kKeys};

constexpr std::array kChoiceKeys{
    Key{.name = "a", .description = ""},
    Key{.name = "b", .description = ""},
    Key{.name = "c", .is_required = true, .description = ""},
};
constexpr std::array kOneOf{"a"sv, "b"sv};
constexpr KeyTable kChoice{"choice", "a choice", kChoiceKeys, kOneOf};

struct ReadFields {
  explicit ReadFields(std::string text, const KeyTable& table = kTable)
      : root(tba::yaml::read(std::make_shared<const tba::SourceFile>("a.yaml", std::move(text)),
                             diagnostics)),
        fields(*root, table, diagnostics) {}

  std::string problems() const {
    std::string all;
    for (const auto& item : diagnostics.items()) {
      all += std::to_string(item.position.line) + ":" + std::to_string(item.position.column) + " " +
             item.message + "\n";
    }
    return all;
  }

  Diagnostics diagnostics;
  tba::yaml::NodePtr root;
  Fields fields;
};

std::string problems(std::string text, const KeyTable& table = kTable) {
  return ReadFields(std::move(text), table).problems();
}

std::string json(const std::string& text) {
  Diagnostics diagnostics;
  const auto root =
      tba::yaml::read(std::make_shared<const tba::SourceFile>("a.yaml", text), diagnostics);
  auto value = tba::to_json(tba::to_value(*root, diagnostics));
  return diagnostics.empty() ? value : diagnostics.items().front().message;
}

}  // namespace

TEST_CASE("fields: what is of its type is given") {
  const ReadFields read(
      "text: 12\nname: a-b_1\nflag: true\ncount: 9\nleast: 77\nfactor: 1.5\npause: 1m30s\n"
      "bytes: 64KiB\ncolour: green\nwords: [a, 1]\nword: x\npairs: {k: v, n: 2}\nmany: [{x: 1}]\n"
      "some: {x: 2}\n");
  REQUIRE(read.problems().empty());
  CHECK(read.fields.text("text") == "12");
  CHECK(read.fields.text("name") == "a-b_1");
  CHECK(read.fields.boolean("flag", false));
  CHECK(read.fields.integer("count", 0) == 9);
  CHECK(read.fields.integer("least", 0) == 77);
  CHECK(read.fields.number("factor", 0) == 1.5);
  CHECK(read.fields.duration("pause") == 90s);
  CHECK(read.fields.size("bytes", 0) == 65'536);
  CHECK(read.fields.text("colour") == "green");
  CHECK(read.fields.texts("words") == std::vector<std::string>{"a", "1"});
  CHECK(read.fields.texts("word") == std::vector<std::string>{"x"});
  CHECK(read.fields.text_map("pairs") ==
        std::vector<std::pair<std::string, std::string>>{{"k", "v"}, {"n", "2"}});
  CHECK(read.fields.tables("many").size() == 1);
  CHECK(read.fields.tables("some").size() == 1);
}

TEST_CASE("fields: what is not there is as the caller says") {
  const ReadFields read("");
  REQUIRE(read.problems().empty());
  CHECK(read.fields.text("text", "x") == "x");
  CHECK(read.fields.boolean("flag", true));
  CHECK(read.fields.integer("count", 3) == 3);
  CHECK(read.fields.number("factor", 0.5) == 0.5);
  CHECK_FALSE(read.fields.duration("pause"));
  CHECK(read.fields.size("bytes", 7) == 7);
  CHECK(read.fields.texts("words").empty());
  CHECK(read.fields.tables("many").empty());
  CHECK_FALSE(read.fields.has("text"));
  CHECK(read.fields.key("text") == nullptr);
}

TEST_CASE("fields: unknown and missing keys") {
  CHECK(problems("txet: 1\n") == "1:1 a thing has no key 'txet' (did you mean 'text'?)\n");
  CHECK(problems("zzz: 1\nyyy: 2\n") ==
        "1:1 a thing has no key 'zzz'\n2:1 a thing has no key 'yyy'\n");
  CHECK(problems("a: 1\n", kChoice) == "1:1 a choice needs the key 'c'\n");
  CHECK(problems("c: 1\n", kChoice) == "1:1 a choice needs one of: a, b\n");
  CHECK(problems("c: 1\nb: 1\na: 1\n", kChoice) ==
        "3:1 a choice has either 'b' or 'a', not both\n");
  CHECK(problems("[a]\n") == "1:1 a thing is a mapping, not a list\n");
}

TEST_CASE("fields: values of a wrong type") {
  CHECK(problems("text: [a]\n") == "1:7 'text' must be text, not a list\n");
  CHECK(problems("text:\n") == "1:1 'text' has no value\n");
  CHECK(problems("text: a ${{ .b }}\n") == "1:9 'text' cannot hold an expression\n");
  CHECK(problems("name: 1a\n") == "1:7 '1a' is not a name\n");
  CHECK(problems("flag: yes\n") == "1:7 'flag' must be true or false\n");
  CHECK(problems("flag: \"true\"\n") == "1:8 'flag' must be true or false\n");
  CHECK(problems("count: 10\n") == "1:8 'count' must be an integer from 1 to 9\n");
  CHECK(problems("count: 1.5\n") == "1:8 'count' must be an integer from 1 to 9\n");
  CHECK(problems("least: -1\n") == "1:8 'least' must be an integer of at least 0\n");
  CHECK(problems("factor: .inf\n") == "1:9 'factor' must be a number from 1 to 5\n");
  CHECK(problems("factor: 0.5\n") == "1:9 'factor' must be a number from 1 to 5\n");
  CHECK(problems("pause: 5 minutes\n") == "1:8 '5 minutes' is not a duration\n");
  CHECK(problems("bytes: 1 MB\n") == "1:8 '1 MB' is not a size\n");
  CHECK(problems("colour: gren\n") == "1:9 'colour' cannot be 'gren' (did you mean 'green'?)\n");
  CHECK(problems("if: [a]\n") == "1:5 'if' must be true, false or an expression, not a list\n");
  CHECK(problems("words: a\n") == "1:8 'words' must be a list, not text\n");
  CHECK(problems("words: []\n") == "1:8 'words' is an empty list\n");
  CHECK(problems("words: [[a]]\n") == "1:9 'words' must be a list of texts, not a list\n");
  CHECK(problems("word: {}\n") == "1:7 'word' must be text or a list, not a mapping\n");
  CHECK(problems("pairs: {a: [b]}\n") == "1:12 'pairs' must be a mapping of texts, not a list\n");
  CHECK(problems("one: x\n") == "1:6 'one' must be a mapping, not text\n");
  CHECK(problems("many: {}\n") == "1:7 'many' must be a list, not a mapping\n");
  CHECK(problems("some: x\n") == "1:7 'some' must be a mapping or a list of them, not text\n");
  CHECK(problems("named: {\"a b\": {}}\n") == "1:10 'a b' is not a name\n");
}

TEST_CASE("fields: what was wrong is not given") {
  const ReadFields read("count: 10\ntext: [a]\n");
  CHECK(read.fields.find("count") == nullptr);
  CHECK(read.fields.integer("count", 3) == 3);
  CHECK(read.fields.has("count"));
}

TEST_CASE("value of YAML: the core schema decides the type of plain scalars") {
  CHECK(json("[1, -2, +3, 1.5, 1e3, true, False, ~, null, text, '1', \"true\"]") ==
        R"([1,-2,3,1.5,1000,true,false,null,null,"text","1","true"])");
  CHECK(json("{a: {b: [x]}, c: 9223372036854775807}") ==
        R"({"a":{"b":["x"]},"c":9223372036854775807})");
  CHECK(json("[.inf, .nan, 1.2.3, '', 2026-11-23, 12:30, -, yes]") ==
        R"([".inf",".nan","1.2.3","","2026-11-23","12:30","-","yes"])");
  CHECK(json("9223372036854775808") == "9223372036854775808 does not fit an integer of 64 bits");
}
