#include "shared/link_header.h"

#include <optional>
#include <string>

#include <catch2/catch.hpp>

using tba::next_link;

TEST_CASE("link header: the link to what comes next is found among others") {
  CHECK(next_link("<https://api.example/repos?page=3>; rel=\"next\", "
                  "<https://api.example/repos?page=1>; rel=\"first\"") ==
        "https://api.example/repos?page=3");
  CHECK(next_link("<https://a/?page=1>; rel=prev, <https://a/?page=3>; rel=next") ==
        "https://a/?page=3");
  CHECK(next_link("</repos?page=3>;rel=\"last NEXT\";title=\"a, b; \\\"c\\\"\"") ==
        "/repos?page=3");
  CHECK(next_link(" , <a> ; title=x ; REL = next") == "a");
  CHECK(next_link("<https://a/?ids=1,2;3>; rel=next") == "https://a/?ids=1,2;3");
}

TEST_CASE("link header: what is no link to the next page is none") {
  for (const auto* header :
       {"", "<>", "<https://a>", "<https://a>; rel=last", "<https://a; rel=next",
        "https://a; rel=next", "<https://a>; rel=nextpage", "<https://a>; title=\"rel=next\"",
        "<https://a>; rel=last; rel=next", "<https://a>; rel=next; anchor=\"#other\"",
        "<https://a>; rel", "<https://a>; rel=\"ne", "<https://a> x, <b>; rel=next", ";;;",
        ",,,"}) {
    CAPTURE(header);
    CHECK(next_link(header) == std::nullopt);
  }
}
