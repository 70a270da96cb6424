#include "daemon/mail/address.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/result.h"

using tba::mail::Mailbox;
using tba::mail::parse_mailboxes;

namespace {

std::string problem(std::string_view text) {
  const auto mailboxes = parse_mailboxes(text);
  return mailboxes ? "" : mailboxes.error().message;
}

}  // namespace

TEST_CASE("address: one stands alone, behind a name, or behind a quoted one") {
  CHECK(parse_mailboxes("ann@example.com").value() ==
        std::vector<Mailbox>{{"", "ann@example.com"}});
  CHECK(parse_mailboxes("  Ann Lee  < ann.lee+x@mail.example.com > ").value() ==
        std::vector<Mailbox>{{"Ann Lee", "ann.lee+x@mail.example.com"}});
  CHECK(parse_mailboxes("Jürgen <j@example.com>").value() ==
        std::vector<Mailbox>{{"Jürgen", "j@example.com"}});
  CHECK(parse_mailboxes(R"("Lee, \"Ann\" \\" <ann@example.com>)").value() ==
        std::vector<Mailbox>{{R"(Lee, "Ann" \)", "ann@example.com"}});
  CHECK(parse_mailboxes("<root@[127.0.0.1]>").value() ==
        std::vector<Mailbox>{{"", "root@[127.0.0.1]"}});
}

TEST_CASE("address: several have commas between them, and a quoted comma is part of a name") {
  CHECK(parse_mailboxes(R"(a@b.c, "Lee, Ann" <ann@example.com>,Bob <bob@example.com>)").value() ==
        std::vector<Mailbox>{
            {"", "a@b.c"}, {"Lee, Ann", "ann@example.com"}, {"Bob", "bob@example.com"}});
}

TEST_CASE("address: what is none is named") {
  for (const auto* text : {"",
                           "ann",
                           "ann@",
                           "@example.com",
                           "a b@example.com",
                           ".a@example.com",
                           "a.@example.com",
                           "a..b@example.com",
                           "a@exa mple.com",
                           "a@example..com",
                           "a@-_.com",
                           "a@[1.2 .3]",
                           "a@[]",
                           "Ann <ann@example.com",
                           "Ann ann@example.com>",
                           "Ann <>",
                           "a@b@c",
                           "a@example.com,",
                           "a@example.com;b@example.com",
                           "<a@example.com> Ann",
                           "a(comment)@example.com",
                           "\"a b\"@example.com"}) {
    CAPTURE(text);
    CHECK_THAT(problem(text), Catch::Contains("is not an e-mail address"));
  }
  CHECK_THAT(problem(std::string(65, 'a') + "@example.com"), Catch::Contains("is not"));
  CHECK_THAT(problem("a@" + std::string(256, 'b')), Catch::Contains("is not"));
  CHECK(problem("\"Ann <ann@example.com>") ==
        "the name in '\"Ann <ann@example.com>' is not quoted to its end");
  CHECK_THAT(problem("\"A\"nn\" <ann@example.com>"), Catch::Contains("not quoted to its end"));
}

TEST_CASE("address: one beyond ASCII is refused, and it is said what to do") {
  const auto refused = parse_mailboxes("ann@bücher.example");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message ==
        "the address 'ann@bücher.example' has characters that mail servers do not take");
  CHECK_THAT(refused.error().hint, Catch::Contains("xn--"));
}

TEST_CASE("address: nothing behind a line break becomes a header") {
  CHECK(problem("ann@example.com\r\nBcc: eve@example.com") ==
        "it holds a line break or another control character");
  CHECK(problem("Ann\nX: y <ann@example.com>") ==
        "it holds a line break or another control character");
}
