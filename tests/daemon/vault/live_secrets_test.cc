#include "daemon/vault/live_secrets.h"

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "daemon/vault/base64.h"
#include "shared/uri.h"
#include "tests/support/seeded_random.h"

using tba::vault::Base64;
using tba::vault::base64;
using tba::vault::LiveSecrets;

namespace {

LiveSecrets::Registration add(LiveSecrets& live, std::initializer_list<std::string_view> secrets) {
  return live.add(std::span(secrets.begin(), secrets.size()));
}

std::string masked(const LiveSecrets& live, std::string text) {
  live.mask(text);
  return text;
}

}  // namespace

TEST_CASE("live secrets: a text without secrets stays as it is") {
  LiveSecrets live;
  std::string text = "run finished";
  CHECK_FALSE(live.mask(text));
  const auto registration = add(live, {"hunter2-token"});
  CHECK_FALSE(live.mask(text));
  CHECK(text == "run finished");
  std::string empty;
  CHECK_FALSE(live.mask(empty));
}

TEST_CASE("live secrets: a secret is masked wherever it stands, whatever its length") {
  LiveSecrets live;
  const auto registration = add(live, {"hunter2", "a-much-longer-token-0123456789"});
  std::string text = "hunter2 (hunter2) a-much-longer-token-0123456789";
  CHECK(live.mask(text));
  CHECK(text == "******** (********) ********");
  CHECK(masked(live, "Bearer hunter2") == "Bearer ********");
  CHECK(masked(live, "hunterX hunter") == "hunterX hunter");
}

TEST_CASE("live secrets: encoded forms are masked") {
  LiveSecrets live;
  const std::string secret = "p/ss w\"rd+ü*~\n";
  const auto registration = live.add(std::array<std::string_view, 1>{secret});
  CHECK(masked(live, "<" + secret + ">") == "<********>");
  CHECK(masked(live, "?k=p%2Fss%20w%22rd%2B%C3%BC%2A~%0A&x") == "?k=********&x");
  CHECK(masked(live, "?k=p%2fss%20w%22rd%2b%c3%bc%2a~%0a&x") == "?k=********&x");
  CHECK(masked(live, "k=p%2Fss+w%22rd%2B%C3%BC*%7E%0A") == "k=********");
  CHECK(masked(live, "k=p%2fss+w%22rd%2b%c3%bc*%7e%0a") == "k=********");
  CHECK(masked(live, R"({"k":"p/ss w\"rd+ü*~\n"})") == R"({"k":"********"})");
}

TEST_CASE("live secrets: control characters are found JSON-escaped") {
  LiveSecrets live;
  const std::string secret = "a\b\f\r\t\\\x01z";
  const auto registration = live.add(std::array<std::string_view, 1>{secret});
  CHECK(masked(live, R"("a\b\f\r\t\\\u0001z")") == R"("********")");
}

TEST_CASE("live secrets: base64 is masked in both alphabets, alone and inside longer texts") {
  LiveSecrets live;
  const std::string secret =
      "\xfb\xef\xbe?>?>secret\xff\xfe";  // has digits that the alphabets differ in
  const auto registration = live.add(std::array<std::string_view, 1>{secret});
  for (const auto alphabet : {Base64::standard, Base64::url_safe}) {
    CHECK(masked(live, "Basic " + base64(secret, alphabet)) == "Basic ********");
    for (const std::string before : {"", "u", "us", "use", "user"}) {
      for (const std::string after : {"", "x", "xy", "xyz"}) {
        CAPTURE(before, after);
        const auto text = masked(live, base64(before + secret + after, alphabet));
        CHECK(text.find(LiveSecrets::kMask) != std::string::npos);
        // What is left of it beside the mask are digits of what stands around the secret, and at
        // most one on either side that shares bits with it.
        CHECK(text.size() <= LiveSecrets::kMask.size() +
                                 4 * ((before.size() + 2) / 3 + 1 + (after.size() + 2) / 3));
      }
    }
  }
}

TEST_CASE("live secrets: those that overlap leave nothing between them") {
  LiveSecrets live;
  const auto registration = add(live, {"abcdefgh", "efghijkl", "efgh-longer-still", "cdefgh"});
  CHECK(masked(live, "<abcdefghijkl>") == "<********>");
  CHECK(masked(live, "<abcdefgh-longer-still>") == "<********>");
  CHECK(masked(live, "abcdefghabcdefgh") == "****************");
  CHECK(masked(live, "abcdefg") == "abcdefg");
}

TEST_CASE("live secrets: short ones are left alone") {
  LiveSecrets live;
  const auto registration = add(live, {"12345", "abc", "", "123456"});
  CHECK(masked(live, "abc 12345") == "abc 12345");
  CHECK(masked(live, "abc 123456") == "abc ********");
}

TEST_CASE("live secrets: a secret is masked as long as any registration of it lives") {
  LiveSecrets live;
  auto first = add(live, {"hunter2"});
  {
    auto second = add(live, {"hunter2", "swordfish"});
    CHECK(masked(live, "hunter2 swordfish") == "******** ********");
    first = std::move(second);
  }
  CHECK(masked(live, "hunter2 swordfish") == "******** ********");
  first = LiveSecrets::Registration();
  CHECK(masked(live, "hunter2 swordfish") == "hunter2 swordfish");
}

TEST_CASE("live secrets: a registration may outlive what made it") {
  auto live = std::make_unique<LiveSecrets>();
  const auto registration = add(*live, {"hunter2"});
  live.reset();
}

TEST_CASE("live secrets: thousands are found among each other") {
  LiveSecrets live;
  tba::tests::SeededRandom random(4);
  std::vector<std::string> secrets;
  std::vector<LiveSecrets::Registration> registrations;
  for (int i = 0; i < 500; ++i) {
    std::string bytes(20, '\0');
    random.fill(std::as_writable_bytes(std::span(bytes)));
    secrets.push_back(base64(bytes));
    registrations.push_back(live.add(std::array<std::string_view, 1>{secrets.back()}));
  }
  for (const auto& secret : secrets) {
    REQUIRE(masked(live, "token=" + secret + " id=1") == "token=******** id=1");
    REQUIRE(masked(live, tba::percent_encode(secret)) == "********");
  }
}

TEST_CASE("live secrets: threads may add, mask and remove at once") {
  LiveSecrets live;
  const auto permanent = add(live, {"always-there"});
  std::atomic<bool> done = false;
  std::thread changer([&] {
    for (int i = 0; i < 300; ++i) {
      const auto registration = add(live, {"comes-and-goes"});
      std::string text = "comes-and-goes";
      if (!live.mask(text)) std::terminate();
    }
    done = true;
  });
  int masks = 0;
  while (!done) {
    std::string text = "always-there";
    masks += live.mask(text) ? 0 : 1;
  }
  changer.join();
  CHECK(masks == 0);
}
