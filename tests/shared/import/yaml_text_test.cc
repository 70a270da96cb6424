#include "shared/import/yaml_text.h"

#include <memory>
#include <string>

#include <catch2/catch.hpp>

#include "shared/import/connector_writer.h"
#include "shared/import/names.h"
#include "shared/import/prose.h"
#include "shared/value/json.h"
#include "shared/yaml_reader.h"
#include "shared/yaml_scalars.h"

namespace tba::importing {
namespace {

Value read_back(const std::string& text) {
  Diagnostics diagnostics;
  const auto root = yaml::read(std::make_shared<const SourceFile>("a.yaml", text), diagnostics);
  INFO(text << diagnostics.render());
  REQUIRE(root);
  return to_value(*root, diagnostics);
}

}  // namespace

TEST_CASE("yaml text: quoted where it would be read as something else, and only there") {
  for (const auto* plain :
       {"text", "two words", "a:b", "x#y", "/users/{id}", "v1", "1st", "é", "-"}) {
    CAPTURE(plain);
    if (std::string_view(plain) != "-") CHECK(yaml_text(plain, false) == plain);
  }
  for (const auto* quoted :
       {"",           " a",  "a ",   "true", "null", "~",   "1",     "-1.5e3", "0x1F",
        "2022-11-28", "- a", "a: b", "a #b", "a:",   "*a",  "&a",    "!a",     "@a",
        "`a",         "%a",  "#a",   "[a",   "{a",   "'a'", "\"a\"", "a\nb",   "a\tb",
        "\x7f",       "---", "...",  "<<",   ".inf", "?",   ",",     "-"}) {
    CAPTURE(quoted);
    CHECK(yaml_text(quoted, false).front() == '"');
  }
  CHECK(yaml_text("a, b", false) == "a, b");
  CHECK(yaml_text("a, b", true) == "\"a, b\"");
  CHECK(yaml_text("a\"\\\n\t\x01", false) == R"("a\"\\\n\t\u0001")");
  CHECK(yaml_text("\xff", false) == "\"\\ufffd\"");
}

TEST_CASE("yaml text: every text and value is read back as it was") {
  for (const auto* text :
       {"",      "yes",          "no",   "1_000", "a? b",     "what?", "a, [b] {c}", "x: y: z",
        "é ü €", "\xE2\x80\xA8", "😀",    "- - -", "!!str",    "a\\b",  "'",          "''",
        "\"",    "%TAG",         "=",    "0o17",  "12:30:45", ".5",    "5.",         "+1",
        "1e5",   "NaN",          "key:", ":key",  "a\r\nb"}) {
    const auto value = Value::object(
        {{text[0] == '\0' ? "empty" : text, Value::string(text)},
         {"list", Value::array({Value::string(text), Value::integer(1), Value::boolean(true),
                                Value::number(2.5), Value(), Value::object({})})}});
    CAPTURE(text);
    CHECK(read_back(yaml_flow(value) + "\n") == value);
    std::string block = "a:";
    append_yaml(block, value, 2, 119);
    CHECK(read_back(block) == Value::object({{"a", value}}));
  }
}

TEST_CASE("yaml text: what is too wide for a line is a block") {
  const auto wide = Value::string(std::string(60, 'x'));
  const auto object = Value::object({{"a", wide}, {"b", wide}});
  const auto x = std::string(wide.as_string());
  std::string text = "list:";
  append_yaml(text, Value::array({object, Value::integer(1)}), 2, text.size());
  CHECK(text == "list:\n  - a: " + x + "\n    b: " + x + "\n  - 1\n");
  text = "lists:";
  append_yaml(text, Value::array({Value::array({wide, wide})}), 2, text.size());
  CHECK(read_back(text) == Value::object({{"lists", Value::array({Value::array({wide, wide})})}}));
}

TEST_CASE("names: kebab case, parameters, connectors") {
  CHECK(kebab_case("getUserByID") == "get-user-by-id");
  CHECK(kebab_case("HTMLPage_list//all") == "html-page-list-all");
  CHECK(kebab_case("2nd's thing") == "nds-thing");
  CHECK(kebab_case("…").empty());
  CHECK(kebab_case(std::string(200, 'a')).size() == 90);
  CHECK(parameter_name("ids[]", "query") == "ids");
  CHECK(parameter_name("$a.b", "query") == "a_b");
  CHECK(parameter_name("id_", "query") == "id_");
  CHECK(parameter_name("7", "query") == "query");
  CHECK(connector_name("GitHub v3 REST API") == "github");
  CHECK(connector_name("The Google Sheets API") == "google-sheets");
  CHECK(connector_name("API").empty());
  UniqueNames names;
  CHECK(names.take("a", "-") == "a");
  CHECK(names.take("a", "-") == "a-2");
  CHECK(names.take("a", "-") == "a-3");
}

TEST_CASE("prose: one line without markup, cut at a sentence or a word") {
  CHECK(one_line("\n a\tb \n c\n\nnext", 100) == "a b c");
  CHECK(one_line("<p>See <a href='x'>it</a>: a < b</p>", 100) == "See it : a < b");
  CHECK(one_line("**Note** [the docs](https://x/y) [not] a link", 100) ==
        "Note the docs [not] a link");
  CHECK(one_line("a ${{ b }}", 100) == "a {{ b }}");
  CHECK(one_line("One sentence. Another one", 20) == "One sentence.");
  CHECK(one_line("some words without an end", 12) == "some words…");
  CHECK(one_line("ééééééé", 5) == "éé…");
}

TEST_CASE("connector writer: a shape of several endpoints is written once") {
  Connector connector;
  connector.name = "a";
  connector.title = "A";
  connector.base_url = "https://a.example";
  Shape::Fields fields;
  for (const auto* name : {"first", "second", "third", "fourth", "fifth"})
    fields.emplace_back(name, Shape::of(ValueType::string));
  for (const auto* id : {"one", "two"}) {
    Endpoint endpoint;
    endpoint.id = id;
    endpoint.title = id;
    endpoint.method = "GET";
    endpoint.path = "/";
    endpoint.response = Shape::object(fields);
    connector.endpoints.push_back(std::move(endpoint));
  }
  CHECK(write_connector(connector, "here") ==
        "# here\nconnector: a\ntitle: A\nbase_url: https://a.example\n\nendpoints:\n"
        "  one:\n    title: one\n    method: GET\n    path: /\n"
        "    response: &one { first: string, second: string, third: string, fourth: string, "
        "fifth: string }\n\n"
        "  two:\n    title: two\n    method: GET\n    path: /\n    response: *one\n");
}

}  // namespace tba::importing
