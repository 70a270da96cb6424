#include "daemon/vault/sealing.h"

#include <functional>

#include <catch2/catch.hpp>

#include "tests/support/result.h"
#include "tests/support/seeded_random.h"

using Catch::Matchers::Contains;
using tba::storage::Credential;
using tba::tests::SeededRandom;
using tba::vault::Fields;
using tba::vault::MasterKey;
using tba::vault::sealed_with;
using tba::vault::Secret;
using tba::vault::short_text;

namespace {

MasterKey key_of(char c) {
  return MasterKey(Secret(std::string(32, c)));
}

Fields user_and_password() {
  Fields fields;
  fields.emplace("username", Secret("ada"));
  fields.emplace("password", Secret("correct horse"));
  return fields;
}

Credential sealed_row(const std::string& name, const MasterKey& key, std::uint64_t seed = 1) {
  SeededRandom random(seed);
  Credential row;
  random.fill(std::as_writable_bytes(std::span(row.id.bytes)));
  row.name = name;
  row.connector = "github";
  row.scheme = "token";
  row.base_url = "https://github.example.com/api/v3";
  row.version = 3;
  seal(row, user_and_password(), key, random);
  return row;
}

bool opens(const Credential& row, const MasterKey& key) {
  return unseal(row, key).has_value();
}

}  // namespace

TEST_CASE("sealing: what was sealed is opened again") {
  const auto key = key_of('k');
  const auto row = sealed_row("clan", key);
  const auto fields = unseal(row, key);
  REQUIRE(fields);
  REQUIRE(fields->size() == 2);
  CHECK((fields->at("username").view() == "ada"));
  CHECK((fields->at("password").view() == "correct horse"));
  CHECK(sealed_with(row) == key.id());
}

TEST_CASE("sealing: the sealed form has the documented sizes and shows nothing") {
  const auto row = sealed_row("clan", key_of('k'));
  CHECK(row.wrapped_key.size() == 1 + 16 + 24 + 32 + 16);
  CHECK(row.sealed.size() == 1 + 24 + (1 + 8 + 4 + 3) + (1 + 8 + 4 + 13) + 16);
  CHECK(row.wrapped_key[0] == '\1');
  CHECK(row.sealed[0] == '\1');
  CHECK(row.sealed.find("correct") == std::string::npos);
  CHECK(row.sealed.find("username") == std::string::npos);
}

TEST_CASE("sealing: the same credential sealed twice looks different") {
  const auto key = key_of('k');
  auto row = sealed_row("clan", key);
  const auto first = row;
  SeededRandom random(99);
  seal(row, user_and_password(), key, random);
  CHECK(row.wrapped_key != first.wrapped_key);
  CHECK(row.sealed != first.sealed);
}

TEST_CASE("sealing: nothing can be exchanged between rows") {
  const auto key = key_of('k');
  auto one = sealed_row("one", key, 1);
  auto two = sealed_row("two", key, 2);
  REQUIRE(opens(one, key));
  REQUIRE(opens(two, key));

  SECTION("sealed fields") {
    std::swap(one.sealed, two.sealed);
  }
  SECTION("wrapped keys") {
    std::swap(one.wrapped_key, two.wrapped_key);
  }
  SECTION("both") {
    std::swap(one.sealed, two.sealed);
    std::swap(one.wrapped_key, two.wrapped_key);
  }
  SECTION("names") {
    std::swap(one.name, two.name);
  }
  SECTION("ids") {
    std::swap(one.id, two.id);
  }
  for (const auto& row : {one, two}) {
    const auto fields = unseal(row, key);
    REQUIRE_FALSE(fields);
    CHECK(fields.error().code == tba::ErrorCode::invalid);
    CHECK(fields.error().message ==
          "the stored credential is damaged, or is not what was sealed under this name");
  }
}

TEST_CASE("sealing: every column that says what the credential is for is bound") {
  const auto key = key_of('k');
  const auto row = sealed_row("clan", key);
  const std::function<void(Credential&)> changes[] = {
      [](auto& r) { r.name = "Clan"; },
      [](auto& r) { r.version = 2; },
      [](auto& r) { r.version = 4; },
      [](auto& r) { r.connector = "discord"; },
      [](auto& r) { r.scheme = "oauth"; },
      [](auto& r) { r.base_url = "https://evil.example.com"; },
      [](auto& r) { r.base_url.clear(); },
      [](auto& r) { r.connector = "githubt", r.scheme = "oken"; },
      [](auto& r) { r.id.bytes[15] ^= 1; },
  };
  for (const auto& change : changes) {
    auto changed = row;
    change(changed);
    CHECK_FALSE(opens(changed, key));
  }
}

TEST_CASE("sealing: the times of a row are not bound") {
  const auto key = key_of('k');
  auto row = sealed_row("clan", key);
  row.updated_at += std::chrono::hours(1);
  CHECK(opens(row, key));
}

TEST_CASE("sealing: the sealed fields cannot stand for the wrapped key") {
  const auto key = key_of('k');
  auto row = sealed_row("clan", key);
  row.wrapped_key = row.wrapped_key.substr(0, 17) + row.sealed.substr(1);
  CHECK_FALSE(opens(row, key));
}

TEST_CASE("sealing: every flipped bit and every cut is noticed") {
  const auto key = key_of('k');
  const auto row = sealed_row("clan", key);
  for (auto column : {&Credential::wrapped_key, &Credential::sealed}) {
    for (std::size_t i = 0; i < (row.*column).size(); ++i) {
      for (const int bit : {1, 0x80}) {
        auto changed = row;
        (changed.*column)[i] = static_cast<char>((changed.*column)[i] ^ bit);
        CAPTURE(i, bit);
        REQUIRE_FALSE(opens(changed, key));
      }
      auto cut = row;
      (cut.*column).resize(i);
      REQUIRE_FALSE(opens(cut, key));
    }
    auto longer = row;
    longer.*column += '\0';
    REQUIRE_FALSE(opens(longer, key));
  }
}

TEST_CASE("sealing: another master key is told by its id") {
  const auto right = key_of('k');
  const auto wrong = key_of('w');
  const auto fields = unseal(sealed_row("clan", right), wrong);
  REQUIRE_FALSE(fields);
  CHECK_THAT(fields.error().message, Contains("another master key") &&
                                         Contains(short_text(right.id())) &&
                                         Contains(short_text(wrong.id())));
}

TEST_CASE("sealing: a newer format is told from damage") {
  const auto key = key_of('k');
  for (auto column : {&Credential::wrapped_key, &Credential::sealed}) {
    auto row = sealed_row("clan", key);
    (row.*column)[0] = 2;
    const auto fields = unseal(row, key);
    REQUIRE_FALSE(fields);
    CHECK_THAT(fields.error().message, Contains("newer version"));
    CHECK_FALSE(sealed_with(row));
  }
}

TEST_CASE("sealing: a row without sealed columns is damaged") {
  Credential row;
  row.name = "clan";
  const auto fields = unseal(row, key_of('k'));
  REQUIRE_FALSE(fields);
  CHECK_THAT(fields.error().message, Contains("damaged"));
  CHECK_FALSE(sealed_with(row));
}

TEST_CASE("sealing: no fields, empty ones and binary ones are kept") {
  const auto key = key_of('k');
  SeededRandom random(5);
  Credential row;
  seal(row, {}, key, random);
  CHECK(unseal(row, key)->empty());

  Fields fields;
  fields.emplace("", Secret("unnamed"));
  fields.emplace("empty", Secret());
  fields.emplace("large", Secret(std::string(100'000, '\xff')));
  seal(row, fields, key, random);
  const auto again = unseal(row, key);
  REQUIRE(again);
  REQUIRE(again->size() == 3);
  for (const auto& [name, value] : fields) CHECK((again->at(name) == value));
}

TEST_CASE("sealing: the plain form is read only as it is written") {
  using namespace std::string_view_literals;
  CHECK(tba::vault::decode_fields("")->empty());
  CHECK((tba::vault::decode_fields("\1a\1\0\0\0x"sv)->at("a").view() == "x"));
  for (const auto bytes :
       {"\1"sv, "\1a"sv, "\1a\1\0\0"sv, "\1a\1\0\0\0"sv, "\1a\2\0\0\0x"sv, "\1a\1\0\0\0xy"sv,
        "\1a\xff\xff\xff\xffx"sv, "\1b\0\0\0\0\1a\0\0\0\0"sv, "\1a\0\0\0\0\1a\0\0\0\0"sv}) {
    CAPTURE(bytes);
    CHECK_FALSE(tba::vault::decode_fields(bytes));
  }
}

TEST_CASE("sealing: what the first version sealed is opened by every later one") {
  const auto bytes_of = [](std::string_view hex) {
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
      bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    }
    return bytes;
  };
  Credential row;
  row.id = *tba::CredentialId::parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
  row.name = "clan";
  row.connector = "github";
  row.scheme = "token";
  row.base_url = "https://github.example.com/api/v3";
  row.version = 3;
  row.wrapped_key = bytes_of(
      "01c6c6418767aa2b8a9ea9e582cba32da98114eebc121385fc9030707dfbea6f6f7e52fb646461c64785b4d3c8"
      "fa7deaf4aad17e5d5ce3dc92f0e28fc2015cf8a603ed6736972f768246311a721ee63f8f3bfecd4ba2fb8205");
  row.sealed = bytes_of(
      "012b17d6695b9f5c40cff5ed4fe20a48bc7e5337cf59c55371ccf46345f2b820a824c0a95610ab98379320f475"
      "d24ed309fae09bd107c823d9301100ca826599d4583243b811a4c4b6a8adf24cc0e65950bcd9");
  const auto fields = unseal(row, key_of('k'));
  REQUIRE(fields);
  CHECK((fields->at("password").view() == "correct horse"));
}
