#include "shared/utf8.h"

#include <catch2/catch.hpp>

TEST_CASE("utf-8: well-formed text is found so, up to the last code point") {
  CHECK_FALSE(tba::first_invalid_utf8(""));
  CHECK_FALSE(
      tba::first_invalid_utf8("a\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"));
  CHECK_FALSE(tba::first_invalid_utf8("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
}

TEST_CASE("utf-8: overlong forms, surrogates, what is cut off or too large is not") {
  for (const std::string bad : {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80",
                                "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
                                "\xc3", "\xe2\x82", "\xf0\x9f\x98", "\xe2\x82x"}) {
    CAPTURE(bad);
    CHECK(tba::first_invalid_utf8("ab" + bad) == 2);
  }
}

TEST_CASE("utf-8: each bad byte is replaced, and nothing else") {
  CHECK(tba::valid_utf8("é\xff\xfeé") == "é\xEF\xBF\xBD\xEF\xBF\xBDé");
  CHECK(tba::valid_utf8("plain") == "plain");
}
