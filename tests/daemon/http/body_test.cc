#include "daemon/http/body.h"

#include <catch2/catch.hpp>

#include "daemon/http/media_type.h"
#include "daemon/http/multipart.h"
#include "shared/value/json.h"

using tba::to_json;
using tba::http::body_value;
using tba::http::MediaType;
using tba::http::parse_multipart;

namespace {

/// The body's value as JSON, or what is wrong with it.
std::string read(const std::string& type, const std::string& body) {
  const auto value = body_value(type, body);
  if (value) return to_json(*value);
  CHECK(value.error().code == tba::ErrorCode::invalid);
  return value.error().message;
}

const std::string kForm = "multipart/form-data; boundary=XX";

/// A form whose parts are between its delimiters.
std::string form(std::initializer_list<std::string> parts) {
  std::string body;
  for (const auto& part : parts) body += "--XX\r\n" + part + "\r\n";
  return body + "--XX--\r\n";
}

std::string field(const std::string& name, const std::string& content) {
  return "Content-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + content;
}

}  // namespace

TEST_CASE("body: JSON is read as such, also where no type is given") {
  for (const auto* type : {"application/json", "Application/JSON; charset=utf-8", "text/json", "",
                           "application/vnd.github+json", "application/json, text/plain"}) {
    CAPTURE(type);
    CHECK(read(type, R"({"a": [1, 2]})") == R"({"a":[1,2]})");
    CHECK_THAT(read(type, "{"), Catch::Matchers::StartsWith("the body is no JSON: line 1"));
  }
}

TEST_CASE("body: one that is not there is null, whatever its type") {
  for (const auto* type : {"", "application/json", "text/plain", "multipart/form-data",
                           "application/x-www-form-urlencoded"})
    CHECK(read(type, "") == "null");
}

TEST_CASE("body: a form is an object, a field that comes more than once an array") {
  const std::string type = "application/x-www-form-urlencoded;charset=UTF-8";
  CHECK(read(type, "a=1&b=x+y%21&c&&=z") == R"({"a":"1","b":"x y!","c":"","":"z"})");
  CHECK(read(type, "a=1&b=2&a=3&a=") == R"({"a":["1","3",""],"b":"2"})");
  CHECK(read(type, "a=%C3%A4") == "{\"a\":\"\u00e4\"}");
  CHECK(read(type, "a=%4") == "the form has a broken percent-encoding");
  CHECK(read(type, "a%zz=4") == "the form has a broken percent-encoding");
  CHECK(read(type, "a=%00") == "the form has a NUL");
  CHECK(read(type, "a=%E4") == "the form is not UTF-8");
}

TEST_CASE("body: a form in parts has fields and files") {
  CHECK(read(kForm, form({field("a", "1"), field("b", ""), field("a", "x\r\ny")})) ==
        R"({"a":["1","x\r\ny"],"b":""})");
  const std::string file =
      "content-disposition: form-data; name=log; filename=\"a \\\"b\\\".txt\"\r\n"
      "Content-Type: text/plain\r\n\r\n";
  CHECK(read(kForm, form({file + "hello"})) ==
        R"({"log":{"filename":"a \"b\".txt","content_type":"text/plain","body":"hello"}})");
  CHECK(read(kForm, form({file + "\xff\xfe"})) ==
        R"({"log":{"filename":"a \"b\".txt","content_type":"text/plain",)"
        R"("body":{"base64":"//4="}}})");
  CHECK(read("multipart/form-data; boundary=\"XX\"",
             "ignored\r\n--XX \r\nContent-Disposition: form-data; name=a\r\n\r\n--XX-- and more") ==
        R"({"a":""})");
  CHECK(read(kForm, "--XX--") == "{}");
}

TEST_CASE("body: a form in parts that is broken says how") {
  const auto part = field("a", "1");
  CHECK(read("multipart/form-data", form({part})) == "the form has no boundary");
  CHECK(read("multipart/form-data; boundary=" + std::string(71, 'X'), "--") ==
        "the form has no boundary");
  CHECK(read("multipart/form-data; boundary=YY", form({part})) == "the form has no part");
  CHECK(read(kForm, "--XX\r\n" + part) == "the form ends within a part");
  CHECK(read(kForm, "--XX\r\nContent-Disposition: form-data") ==
        "the form has a part whose headers do not end");
  CHECK(read(kForm, form({"Content-Disposition\r\n\r\n1"})) ==
        "the form has a part with a broken header");
  CHECK(read(kForm, form({"Content-Type: text/plain\r\n\r\n1"})) ==
        "the form has a part without a name");
  CHECK(read(kForm, "--XXX\r\n" + part) == "the form has a broken delimiter");
  std::string many;
  for (std::size_t i = 0; i <= tba::http::kMostParts; ++i) many += "--XX\r\n" + part + "\r\n";
  CHECK(read(kForm, many + "--XX--") == "the form has more than 1000 parts");
}

TEST_CASE("body: everything else is text where it is UTF-8, and base64 where not") {
  CHECK(read("text/plain", "a \"b\"") == R"("a \"b\"")");
  CHECK(read("application/xml", "<a/>") == R"("<a/>")");
  CHECK(read("application/octet-stream", std::string("\0\xff", 2)) == R"({"base64":"AP8="})");
}

TEST_CASE("media type: names are lower case, values as they are, quoted or not") {
  const auto type = MediaType::parse(" Text/HTML ; Charset=\"ISO \\\"8859\\\"\" ; a = b ;c=");
  CHECK(type.name == "text/html");
  CHECK(type.parameter("charset") == "ISO \"8859\"");
  CHECK(type.parameter("a") == "b");
  CHECK(type.parameter("c") == "");
  CHECK_FALSE(type.parameter("d"));
  CHECK(MediaType::parse("").name.empty());
  const auto joined = MediaType::parse("a/b; c=d, e/f; g=h");
  CHECK(joined.name == "a/b");
  CHECK(joined.parameters.size() == 1);
  CHECK(joined.parameter("c") == "d");
  CHECK(MediaType::parse("a/b, c/d").name == "a/b");
  for (const auto* broken : {"a/b; c=\"d", "a/b; c", "a/b c=d"})
    CHECK(MediaType::parse(broken).parameters.empty());
}
