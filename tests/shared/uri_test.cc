#include "shared/uri.h"

#include <catch2/catch.hpp>

TEST_CASE("uri: everything but unreserved characters is percent-encoded") {
  CHECK(tba::percent_encode("AZaz09-._~") == "AZaz09-._~");
  CHECK(tba::percent_encode("a b/c?d&e=f%") == "a%20b%2Fc%3Fd%26e%3Df%25");
  CHECK(tba::percent_encode("é") == "%C3%A9");
}

TEST_CASE("uri: forms are joined with ampersands") {
  CHECK(tba::form_encode({}).empty());
  CHECK(tba::form_encode({{"a", "1"}, {"b c", "x&y"}}) == "a=1&b%20c=x%26y");
}

TEST_CASE("uri: a query is added to one that is there, before the fragment") {
  CHECK(tba::with_query("http://h/p", {}) == "http://h/p");
  CHECK(tba::with_query("http://h/p", {{"a", "1"}}) == "http://h/p?a=1");
  CHECK(tba::with_query("http://h/p?b=2", {{"a", "1"}}) == "http://h/p?b=2&a=1");
  CHECK(tba::with_query("http://h/p?", {{"a", "1"}}) == "http://h/p?a=1");
  CHECK(tba::with_query("http://h/p#top", {{"a", "1"}}) == "http://h/p?a=1#top");
}

TEST_CASE("uri: header names compare without case") {
  CHECK(tba::equal_ignoring_case("Content-Type", "content-TYPE"));
  CHECK_FALSE(tba::equal_ignoring_case("Content-Type", "Content-Typ"));
}

TEST_CASE("uri: parameters of a query are left out by their name") {
  using tba::without_query;
  CHECK(without_query("https://a/x?key=1&page=2", "key") == "https://a/x?page=2");
  CHECK(without_query("https://a/x?page=2&key=1#top", "key") == "https://a/x?page=2#top");
  CHECK(without_query("https://a/x?key&key=2", "key") == "https://a/x");
  CHECK(without_query("https://a/x?a%5Bb%5D=1&c", "a[b]") == "https://a/x?c");
  CHECK(without_query("https://a/x?keys=1&x=key", "key") == "https://a/x?keys=1&x=key");
  CHECK(without_query("https://a/x#?key=1", "key") == "https://a/x#?key=1");
}
