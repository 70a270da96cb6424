#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "shared/expression/functions.h"
#include "shared/expression/functions/formats.h"
#include "shared/expression/program.h"
#include "shared/value/json.h"

namespace tba::tests {
namespace {

using namespace tba::expression;
using namespace std::string_view_literals;

/// All outputs as JSON, one a line; a problem as "error: …", or "limit: …" for a spent budget.
std::string outputs_of(std::string_view source, const Value& input, const Budget& budget = {}) {
  const auto program = Program::compile(source, Mode::plain);
  if (!program) return "does not compile: " + program.error().front().message;
  Evaluation evaluation(*program, input, budget);
  std::string text;
  while (const auto output = evaluation.next()) {
    if (!text.empty()) text += '\n';
    if (*output) {
      text += to_json(**output);
    } else {
      text += output->error().is_spent_budget ? "limit: " : "error: ";
      text += output->error().message;
    }
  }
  return text;
}

/// What a function gives, as JSON; a failure as above. For those that only functions written in jq
/// may call.
std::string call(std::string_view name, const Value& input, std::vector<Value> arguments,
                 const Budget& budget = {}) {
  const auto position = find_function(name, arguments.size());
  REQUIRE(position);
  Resources resources(budget, Surroundings::standard());
  const auto outcome = functions()[*position].evaluate(input, arguments, resources);
  if (outcome) return to_json(*outcome);
  return (outcome.error().is_spent_budget ? "limit: " : "error: ") + outcome.error().message;
}

struct Match {
  const char* input;
  const char* regex;
  const char* flags;
  const char* result;
};

void check_matching(std::string_view function, const std::vector<Match>& cases) {
  for (const auto& [input, regex, flags, result] : cases) {
    INFO(function << " /" << regex << "/" << flags << " on " << input);
    CHECK(call(function, Value::string(input), {Value::string(regex), Value::string(flags)}) ==
          result);
  }
}

struct Case {
  const char* source;
  const char* input;
  const char* outputs;
};

void check(const std::vector<Case>& cases) {
  for (const auto& [source, input, outputs] : cases) {
    INFO(source << " on " << input);
    CHECK(outputs_of(source, parse_json(input).value()) == outputs);
  }
}

TEST_CASE("functions: strings begin, end and are cut") {
  check({
      {R"(startswith("fo"))", R"("foo")", "true"},
      {R"(startswith("oo"))", R"("foo")", "false"},
      {R"(startswith(""))", R"("")", "true"},
      {R"(startswith("a"))", "1", "error: startswith() requires string inputs"},
      {"startswith(1)", R"("a")", "error: startswith() requires string inputs"},
      {R"(endswith("oo"))", R"("foo")", "true"},
      {R"(endswith("fo"))", R"("foo")", "false"},
      {R"(endswith("a"))", "[]", "error: endswith() requires string inputs"},
      {"endswith(null)", R"("a")", "error: endswith() requires string inputs"},
      {R"(ltrimstr("fo"))", R"("fofoo")", R"("foo")"},
      {R"(ltrimstr("x"))", R"("foo")", R"("foo")"},
      {R"(ltrimstr("x"))", "1", "1"},
      {"ltrimstr(1)", R"("1a")", R"("1a")"},
      {R"(rtrimstr("oo"))", R"("foo")", R"("f")"},
      {R"(rtrimstr("foo"))", R"("foo")", R"("")"},
      {R"(rtrimstr("x"))", "[1]", "[1]"},
      {"rtrimstr(null)", R"("a")", R"("a")"},
      {"trim", R"(" \t\n\r\u000b\f a b \u00a0\u2003\u3000")", R"("a b")"},
      {"ltrim", R"(" \u0085a ")", R"("a ")"},
      {"rtrim", R"(" aé\u1680 ")", R"(" aé")"},
      {"trim", R"(" \u2028 ")", R"("")"},
      {"trim", R"("\u200ba")", "\"\u200ba\""},
      {"trim", "1", "error: trim input must be a string"},
      {"ltrim", "null", "error: trim input must be a string"},
      {"rtrim", "[]", "error: trim input must be a string"},
  });
}

TEST_CASE("functions: letters of ASCII change their case") {
  check({
      {"ascii_downcase", R"("AZaz[@É")", R"("azaz[@É")"},
      {"ascii_upcase", R"("AZaz{`é")", R"("AZAZ{`é")"},
      {"ascii_downcase", "1", "error: explode input must be a string"},
      {"ascii_upcase", "{}", "error: explode input must be a string"},
  });
}

TEST_CASE("functions: strings and their code points") {
  check({
      {"explode", R"("aé€😀")", "[97,233,8364,128512]"},
      {"explode", R"("")", "[]"},
      {"explode", "1", "error: explode input must be a string"},
      {"implode", "[97,233,8364,128512]", R"("aé€😀")"},
      {"implode", "[]", R"("")"},
      {"implode", "[65.9,1114111]", "\"A\U0010ffff\""},
      {"implode", "[-1,55296,57343,1114112,1e300]", "\"\ufffd\ufffd\ufffd\ufffd\ufffd\""},
      {"implode", R"("a")", "error: implode input must be an array"},
      {"implode", R"([97,"b"])",
       R"(error: string ("b") can't be imploded, unicode codepoint needs to be numeric)"},
      {"utf8bytelength", R"("aé€😀")", "10"},
      {"utf8bytelength", "[]", "error: array ([]) only strings have UTF-8 byte length"},
  });
}

TEST_CASE("functions: strings are split and joined") {
  check({
      {R"(split(", "))", R"("a, b,c, d, e, ")", R"(["a","b,c","d","e",""])"},
      {R"(split(""))", R"("aé😀")", R"(["a","é","😀"])"},
      {R"(split(","))", R"("")", "[]"},
      {R"(split("aa"))", R"("aaa")", R"(["","a"])"},
      {"split(1)", R"("a")", "error: split input and separator must be strings"},
      {R"(split("a"))", "null", "error: split input and separator must be strings"},
      {R"(join(", "))", R"(["a","b,c","d"])", R"("a, b,c, d")"},
      {R"(join(" "))", R"(["a",1,2.3,true,null,false])", R"("a 1 2.3 true  false")"},
      {R"(join(","))", "[]", R"("")"},
      {R"(join(","))", "[null]", R"("")"},
      {R"(join(","))", R"({"a":"x","b":"y"})", R"("x,y")"},
      {"join(null)", R"(["a","b"])", R"("ab")"},
      {"join(1)", R"(["a"])", R"("a")"},
      {"join(1)", R"(["a","b"])", R"(error: string ("a") and number (1) cannot be added)"},
      {R"(join(","))", R"(["a",[1]])", R"(error: string ("a,") and array ([1]) cannot be added)"},
      {R"(join(","))", R"([{"a":1}])",
       R"(error: string ("") and object ({"a":1}) cannot be added)"},
      {R"(join(","))", "5", "error: Cannot iterate over number (5)"},
      {R"(join(","))", "null", "error: Cannot iterate over null (null)"},
  });
}

TEST_CASE("functions: joining and splitting keep to the budget") {
  const Budget budget{.bytes = std::size_t{1} << 20};
  const auto long_text = Value::string(std::string(100'000, ','));
  CHECK(outputs_of(R"(split(","))", long_text, budget) ==
        "limit: the expression builds more than 1048576 bytes");
  CHECK(outputs_of("explode", long_text, budget) ==
        "limit: the expression builds more than 1048576 bytes");
  CHECK(outputs_of("[., 1, 1, 1] as $parts | [$parts[], $parts[]] | join($parts[0])",
                   Value::string(std::string(300'000, 'a')),
                   budget) == "limit: the expression builds more than 1048576 bytes");
  const std::vector<Value> nulls(20'000);
  CHECK(outputs_of("join(\"" + std::string(100, '-') + "\")", Value::array(nulls),
                   Budget{.steps = 20'000}) == "limit: the expression takes more than 20000 steps");
}

TEST_CASE("functions: formats") {
  check({
      {R"(format("text"))", R"("a\"b")", R"("a\"b")"},
      {R"(format("text"))", "[1,null]", R"("[1,null]")"},
      {R"(format("json"))", R"("a\"b")", R"("\"a\\\"b\"")"},
      {R"(format("html"))", R"("<a href='x'>&\"é</a>")",
       R"("&lt;a href=&#39;x&#39;&gt;&amp;&quot;é&lt;/a&gt;")"},
      {R"(format("html"))", R"(["<"])", R"("[&quot;&lt;&quot;]")"},
      {R"(format("uri"))", R"("aZ09-_.~ !*'();:@&=+$,/?#[]é")",
       R"("aZ09-_.~%20%21%2A%27%28%29%3B%3A%40%26%3D%2B%24%2C%2F%3F%23%5B%5D%C3%A9")"},
      {R"(format("uri"))", "1.5", R"("1.5")"},
      {R"(format("base64"))", R"("foóbar\n")", R"("Zm/Ds2Jhcgo=")"},
      {R"(format("base32"))", R"("foobar")", R"("MZXW6YTBOI======")"},
      {"format(1)", "null", "error: number (1) is not a valid format"},
      {R"(format("xyz"))", "null", "error: xyz is not a valid format"},
      {R"(format(""))", "null", "error:  is not a valid format"},
  });
}

TEST_CASE("functions: formats of rows") {
  check({
      {R"(format("csv"))", R"([1,"a\"b,c",null,true,false,1.5,""])",
       R"("1,\"a\"\"b,c\",,true,false,1.5,\"\"")"},
      {R"(format("csv"))", "[]", R"("")"},
      {R"(format("csv"))", R"(["a",{"b":1}])",
       R"(error: object ({"b":1}) is not valid in a csv row)"},
      {R"(format("csv"))", R"({"a":1})",
       R"(error: object ({"a":1}) cannot be csv-formatted, only array)"},
      {R"(format("tsv"))", R"([1,"a\tb\nc\rd\\e\"",null,false])",
       R"("1\ta\\tb\\nc\\rd\\\\e\"\t\tfalse")"},
      {R"(format("tsv"))", "[[1]]", "error: array ([1]) is not valid in a csv row"},
      {R"(format("tsv"))", "1", "error: number (1) cannot be tsv-formatted, only array"},
      {R"(format("sh"))", R"("O'Hara's Ale")", R"("'O'\\''Hara'\\''s Ale'")"},
      {R"(format("sh"))", R"([1,"a b",null,true])", R"("1 'a b' null true")"},
      {R"(format("sh"))", "[]", R"("")"},
      {R"(format("sh"))", "[[1]]", "error: array ([1]) can not be escaped for shell"},
      {R"(format("sh"))", R"({"a":1})", R"(error: object ({"a":1}) can not be escaped for shell)"},
  });
}

TEST_CASE("functions: base64 and base32 there and back") {
  struct Pair {
    const char* text;
    const char* base64;
    const char* base32;
  };
  // RFC 4648 section 10.
  for (const auto& [text, base64, base32] : std::vector<Pair>{
           {"", "", ""},
           {"f", "Zg==", "MY======"},
           {"fo", "Zm8=", "MZXQ===="},
           {"foo", "Zm9v", "MZXW6==="},
           {"foob", "Zm9vYg==", "MZXW6YQ="},
           {"fooba", "Zm9vYmE=", "MZXW6YTB"},
           {"foobar", "Zm9vYmFy", "MZXW6YTBOI======"},
       }) {
    const auto value = Value::string(text);
    CHECK(outputs_of(R"(format("base64"))", value) == to_json(Value::string(base64)));
    CHECK(outputs_of(R"(format("base32"))", value) == to_json(Value::string(base32)));
    CHECK(outputs_of(R"(format("base64d"))", Value::string(base64)) == to_json(value));
    CHECK(outputs_of(R"(format("base32d"))", Value::string(base32)) == to_json(value));
  }
  check({
      {R"(format("base64d"))", R"("Zm9vYg")", R"("foob")"},
      {R"(format("base64d"))", R"("QUJD=zzz")", R"("ABC")"},
      {R"(format("base64d"))", R"("=")", R"("")"},
      {R"(format("base64d"))", "1234", "\"\ufffdm\ufffd\""},
      {R"(format("base64d"))", R"("QUJDa")",
       R"(error: string ("QUJDa") trailing base64 byte found)"},
      {R"(format("base64d"))", R"("Not base64 data")",
       R"(error: string ("Not base64...) is not valid base64 data)"},
      {R"(format("base64d"))", R"("_w==")", R"(error: string ("_w==") is not valid base64 data)"},
      {R"(format("base32d"))", R"("MZXW6YQ")", R"("foob")"},
      {R"(format("base32d"))", R"("mz")", R"(error: string ("mz") is not valid base32 data)"},
  });
}

TEST_CASE("functions: decoded bytes that are no UTF-8 are replaced sequence by sequence") {
  check({
      {R"(format("base64d"))", R"("/w==")", "\"\ufffd\""},        // FF
      {R"(format("base64d"))", R"("wK8=")", "\"\ufffd\ufffd\""},  // C0 AF
      {R"(format("base64d"))", R"("4oI=")", "\"\ufffd\""},        // E2 82
      {R"(format("base64d"))", R"("7aCAYQ==")", "\"\ufffda\""},   // ED A0 80 61
      {R"(format("base64d"))", R"("4oJhw6k=")", "\"\ufffdaé\""},  // E2 82 61 C3 A9
      {R"(format("base64d"))", R"("8J+YYvSQgIA=")",
       "\"\ufffdb\ufffd\""},  // F0 9F 98 62 F4 90 80 80
  });
}

TEST_CASE("functions: formats keep to the budget") {
  const Budget budget{.bytes = std::size_t{1} << 20};
  const auto quotes = Value::string(std::string(400'000, '\''));
  for (const auto* const format : {"html", "uri", "sh"}) {
    INFO(format);
    CHECK(outputs_of("format(\"" + std::string(format) + "\")", quotes, budget) ==
          "limit: the expression builds more than 1048576 bytes");
  }
  const auto row = Value::array({Value::string(std::string(600'000, '"'))});
  CHECK(outputs_of(R"(format("csv"))", row, budget) ==
        "limit: the expression builds more than 1048576 bytes");
  const Budget few_steps{.steps = 1'000};
  CHECK(outputs_of(R"(format("json"))", quotes, few_steps) ==
        "limit: the expression takes more than 1000 steps");
}

TEST_CASE("functions: regular expressions and their flags") {
  check_matching("_test", {
                              {"foobar", "o+b", "", "true"},
                              {"foobar", "O+B", "", "false"},
                              {"foobar", "O+B", "i", "true"},
                              {"ÉCOLE", "école", "i", "true"},
                              {"xabcd", "a b c # spaces are ignored", "x", "true"},
                              {"a\nb", "a.b", "", "false"},
                              {"a\nb", "a.b", "p", "true"},
                              {"a\nb", "^b", "s", "false"},
                              {"abc", "( )*", "n", "false"},
                              {"abc", "( )*", "", "true"},
                              {"a", "a", "gixsnlp", "true"},
                              {"test", "t(?<x>e)st", "", "true"},
                              {"aba", "(?<x>a)b\\k<x>", "", "true"},
                              {"((()))", "^(?<p>\\(\\g<p>*\\))$", "", "true"},
                          });
  check_matching("_match", {
                               {"ab abc", "ab|abc", "l",
                                R"([{"offset":3,"length":3,"string":"abc","captures":[]}])"},
                           });
}

TEST_CASE("functions: matches are described in code points") {
  check_matching("_match", {
                               {"foo bar foo", "foo", "",
                                R"([{"offset":0,"length":3,"string":"foo","captures":[]}])"},
                               {"foo", "x", "g", "[]"},
                               {"aé€😀é", "€.|é", "g",
                                R"([{"offset":1,"length":1,"string":"é","captures":[]},)"
                                R"({"offset":2,"length":2,"string":"€😀","captures":[]},)"
                                R"({"offset":4,"length":1,"string":"é","captures":[]}])"},
                               {"éa😀b", "(?<=(é))a(?<x>.)(?<y>b)?", "",
                                R"([{"offset":1,"length":3,"string":"a😀b","captures":[)"
                                R"({"offset":0,"length":1,"string":"é","name":null},)"
                                R"({"offset":2,"length":1,"string":"😀","name":"x"},)"
                                R"({"offset":3,"length":1,"string":"b","name":"y"}]}])"},
                               {"xay", "x(a?)(b?)(c)?y", "",
                                R"([{"offset":0,"length":3,"string":"xay","captures":[)"
                                R"({"offset":1,"length":1,"string":"a","name":null},)"
                                R"({"offset":2,"length":0,"string":"","name":null},)"
                                R"({"offset":-1,"string":null,"length":0,"name":null}]}])"},
                           });
}

TEST_CASE("functions: groups without a part in an empty match are empty, as in jq") {
  check_matching(
      "_match",
      {
          {"ab", "(c)?", "g",
           R"([{"offset":0,"length":0,"string":"","captures":[{"offset":0,"length":0,"string":"","name":null}]},)"
           R"({"offset":1,"length":0,"string":"","captures":[{"offset":1,"length":0,"string":"","name":null}]},)"
           R"({"offset":2,"length":0,"string":"","captures":[{"offset":2,"length":0,"string":"","name":null}]}])"},
          {"ab", "(?=(b))", "",
           R"([{"offset":1,"length":0,"string":"","captures":[{"offset":1,"length":1,"string":"b","name":null}]}])"},
      });
}

TEST_CASE("functions: regular expressions find all they can, empty matches included") {
  check_matching("_scan", {
                              {"abc", "", "g", R"(["","","",""])"},
                              {"a1b", "[a-z]*", "g", R"(["a","","b",""])"},
                              {"ab-cd", "[a-z]*", "gn", R"(["ab","cd"])"},
                              {"é😀", "", "g", R"(["","",""])"},
                              {"qux", "(?=u)", "g", R"([""])"},
                              {"", "", "g", R"([""])"},
                              {"ab", "$", "g", R"([""])"},
                              {"a\nb", "^.", "g", R"(["a"])"},
                              {"aab", "\\Ga", "g", R"(["a","a"])"},
                              {"test TEst", "(t)(x)?", "gi",
                               R"([["t",null],["t",null],["T",null],["t",null]])"},
                              {"abc", "b", "", R"(["b"])"},
                          });
  check_matching("_split", {
                               {"ab, cd,  ef", ", *", "g", R"(["ab","cd","ef"])"},
                               {"ab-cd", "-*", "g", R"(["","a","b","","c","d",""])"},
                               {"abc", "x", "g", R"(["abc"])"},
                               {"", "x", "g", R"([""])"},
                               {"a,b,c", ",", "", R"(["a","b,c"])"},
                           });
  check_matching("_edits",
                 {
                     {"aébé", "(?<x>b)|é", "g",
                      R"({"spans":[1,3,3,4,4,6],"captures":[{"x":null},{"x":"b"},{"x":null}]})"},
                     {"ab", "(?<x>a)|(?<x>b)", "g",
                      R"({"spans":[0,1,1,2],"captures":[{"x":null},{"x":"b"}]})"},
                     {"c", "(?<x>a)?b?", "", R"({"spans":[0,0],"captures":[{"x":""}]})"},
                     {"a", "(a)", "", R"({"spans":[0,1],"captures":[{}]})"},
                     {"a", "b", "g", R"({"spans":[],"captures":[]})"},
                 });
}

TEST_CASE("functions: texts are laid into the spans of another") {
  struct Splice {
    const char* input;
    const char* spans;
    const char* replacements;
    const char* result;
  };
  for (const auto& [input, spans, replacements, result] : std::vector<Splice>{
           {"ab", "[0,1,1,2]", R"([["x"],["y"]])", R"(["xy"])"},
           {"a-b-c", "[1,2,3,4]", R"([["+"],[null]])", R"(["a+bc"])"},
           {"ab", "[0,0,1,1,2,2]", R"([["."],["."],["."]])", R"([".a.b."])"},
           {"ab", "[]", "[]", R"(["ab"])"},
           {"ab", "[0,1]", "[[]]", R"(["ab"])"},
           {"aBc", "[0,1,1,2]", R"([["A","a"],["B","b"]])", R"(["ABc","abc"])"},
           {"a1b2c", "[1,2,3,4]", R"([["x"],["y","z"]])", R"(["axbyc","bzc"])"},
           {"a1b2c", "[1,2,3,4]", R"([[],["y"]])", R"(["byc"])"},
           {"a1", "[1,2]", "[[5]]", R"(error: string ("a") and number (5) cannot be added)"},
           {"1", "[0,1]", R"([[["a"]]])",
            R"(error: string ("") and array (["a"]) cannot be added)"},
       }) {
    INFO(input << " " << spans << " " << replacements);
    CHECK(call("_splice", Value::string(input),
               {parse_json(spans).value(), parse_json(replacements).value()}) == result);
  }
  const Budget budget{.bytes = std::size_t{1} << 20};
  CHECK(call("_splice", Value::string(std::string(600'000, 'a')),
             {parse_json("[0,1]").value(), parse_json(R"([["x","y"]])").value()},
             budget) == "limit: the expression builds more than 1048576 bytes");
  CHECK(call("_splice", Value::string(std::string(600'000, 'a')),
             {parse_json("[0,1]").value(), parse_json(R"([["x"]])").value()},
             Budget{.steps = 1'000}) == "limit: the expression takes more than 1000 steps");
}

TEST_CASE("functions: what cannot be matched") {
  const auto text = Value::string("a");
  for (const auto* const function : {"_test", "_match", "_scan", "_split", "_edits"}) {
    INFO(function);
    CHECK(call(function, Value::integer(1), {text, Value()}) ==
          "error: number (1) cannot be matched, as it is not a string");
    CHECK(call(function, text, {Value(), Value()}) == "error: null (null) is not a string");
    CHECK(call(function, text, {text, Value::integer(1)}) == "error: number (1) is not a string");
    CHECK(call(function, text, {text, Value::string("gz")}) ==
          "error: gz is not a valid modifier string");
    CHECK(call(function, text, {Value::string("("), Value()}) ==
          "error: ( (at offset 0) is not a valid regex: end pattern with unmatched parenthesis");
    CHECK(call(function, text, {Value::string("(?<x>a)\\k<y>"), Value()}) ==
          "error: (?<x>a)\\k<y> (at offset 0) is not a valid regex: undefined name <y> reference");
  }
}

TEST_CASE("functions: text that is no UTF-8 is matched as if repaired") {
  CHECK(call("_match", Value::string("a\xE2\x82"), {Value::string(".$"), Value()}) ==
        "[{\"offset\":2,\"length\":1,\"string\":\"\ufffd\",\"captures\":[]}]");
  CHECK(call("_test", Value::string("a"), {Value::string("a\xF0"), Value()}) ==
        "error: a\xF0 (at offset 0) is not a valid regex: invalid code point value");
}

TEST_CASE("functions: the regex that was used longest ago is compiled anew, and works") {
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 40; ++i) {
      const auto text = std::to_string(i);
      CHECK(call("_scan", Value::string("<" + text + ">"),
                 {Value::string("(" + text + ")>"), Value()}) == "[[\"" + text + "\"]]");
    }
  }
}

TEST_CASE("functions: a regular expression that goes back and forth ends with its budget") {
  const std::string spent =
      "limit: the expression takes more than 100000 steps, the last of them in a regular "
      "expression";
  struct Trap {
    const char* regex;
    const char* unit;
    const char* end;
  };
  for (const auto& [regex, unit, end] : std::vector<Trap>{
           {"(a+)+$", "a", "b"},
           {"(a|aa)+b", "a", "c"},
           {"(x+x+)+y", "x", ""},
           {"^(.*)*$", "a", "\n\nx"},
           {"(.*a){25}b", "a", "b"},
           {"^(([a-z])+.)+[A-Z]([a-z])+$", "a", ""},
       }) {
    for (const int length : {40, 1'000, 100'000}) {
      INFO(regex << " on " << length);
      std::string text;
      for (int i = 0; i < length; ++i) text += unit;
      CHECK(call("_test", Value::string(text + end), {Value::string(regex), Value()},
                 Budget{.steps = 100'000}) == spent);
      CHECK(call("_test", Value::string(text + end), {Value::string(regex), Value::string("l")},
                 Budget{.steps = 100'000}) == spent);
    }
  }
}

TEST_CASE("functions: a search that reads the text again from everywhere ends with its budget") {
  const auto text = Value::string(std::string(100'000, 'a') + "cb");
  // The library gives up `a+` at once where no b follows, which it does not count as going back.
  for (const auto* const regex : {"a+b$", "(?>a*)b$", "(?=(a+))a*b\\1"}) {
    INFO(regex);
    CHECK(call("_test", text, {Value::string(regex), Value()}, Budget{.steps = 100'000}) ==
          "limit: the expression takes more than 100000 steps, the last of them in a regular "
          "expression");
  }
}

TEST_CASE("functions: matches are found however often a search has to begin anew") {
  // More vain beginnings than one call of the library may have, before each match.
  std::string text;
  for (int i = 0; i < 3; ++i) {
    for (int k = 0; k < 3'000; ++k) text += "é-";
    text += "é!";
  }
  CHECK(call("_match", Value::string(text), {Value::string("é(?=!)"), Value::string("g")},
             Budget{.steps = 100'000'000}) ==
        R"([{"offset":6000,"length":1,"string":"é","captures":[]},)"
        R"({"offset":12002,"length":1,"string":"é","captures":[]},)"
        R"({"offset":18004,"length":1,"string":"é","captures":[]}])");
  CHECK(call("_scan", Value::string(text), {Value::string("\\Gé-|!$"), Value::string("gn")},
             Budget{.steps = 100'000'000})
            .size() == (3'000 * R"("é-",)"sv.size()) + R"(["!"])"sv.size());
}

TEST_CASE("functions: a regular expression keeps to its memory") {
  const auto text = Value::string(std::string(100'000, 'a'));
  const Budget budget{.steps = 100'000'000, .bytes = std::size_t{1} << 20};
  CHECK(call("_test", text, {Value::string("(?:a|b)*"), Value()}, budget) ==
        "limit: the regular expression keeps more than 16384 places to go back to");
  for (const auto* const function : {"_match", "_scan", "_split", "_edits"}) {
    INFO(function);
    CHECK(call(function, text, {Value::string("."), Value::string("g")}, budget) ==
          "limit: the expression builds more than 1048576 bytes");
  }
}

TEST_CASE("functions: a regular expression that takes too long to compile is refused") {
  const auto text = Value::string("a");
  CHECK(call("_test", text, {Value::string(std::string(5'000, 'a')), Value()}) ==
        "limit: the regular expression is longer than 4096 bytes");
  CHECK(call("_test", text,
             {Value::string(std::string(300, '(') + "a" + std::string(300, ')')), Value()}) ==
        "limit: the regular expression is nested deeper than 250");
  std::string calls;
  for (int i = 0; i < 11; ++i) {
    calls += "(?<n" + std::to_string(i) + ">\\g<n" + std::to_string(i + 1) + ">\\g<n" +
             std::to_string(i + 1) + ">)";
  }
  CHECK(call("_test", text, {Value::string(calls + "(?<n11>a)"), Value()}) ==
        "limit: the regular expression calls its groups in more than 20 places");
  std::string classes;
  for (int i = 0; i < 100; ++i) classes += "[\\p{L}]";
  CHECK(
      call("_test", text, {Value::string(classes), Value::string("i")}, Budget{.steps = 10'000}) ==
      "limit: the expression takes more than 10000 steps, the last of them in a regular "
      "expression");
  CHECK(call("_test", text, {Value::string("a{1000}{1000}{1000}"), Value()}) == "false");
}

}  // namespace
}  // namespace tba::tests
