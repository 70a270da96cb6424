#include "daemon/vault/credentials.h"

#include <filesystem>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "daemon/vault/base64.h"
#include "daemon/vault/sealing.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_credential_store.h"
#include "tests/support/result.h"
#include "tests/support/run_coroutine.h"
#include "tests/support/seeded_random.h"
#include "tests/support/temporary_folder.h"

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using tba::AuthScheme;
using tba::ErrorCode;
using tba::tests::run_coroutine;
using tba::vault::Credentials;
using tba::vault::Fields;
using tba::vault::NewCredential;
using tba::vault::Secret;

namespace {

std::shared_ptr<const tba::Connector> github() {
  auto connector = std::make_shared<tba::Connector>();
  connector->name = "github";
  connector->base_url = "https://api.github.com";
  const auto add = [&](const std::string& name, AuthScheme::Type type) {
    AuthScheme scheme;
    scheme.name = name;
    scheme.type = type;
    connector->auth.push_back(scheme);
  };
  add("token", AuthScheme::Type::bearer);
  add("key", AuthScheme::Type::api_key);
  add("password", AuthScheme::Type::basic);
  add("webhook", AuthScheme::Type::webhook_secret);
  return connector;
}

NewCredential credential(const std::string& name, const std::string& scheme,
                         std::initializer_list<std::pair<const char*, std::string>> fields) {
  NewCredential made{name, github(), scheme, "", {}};
  for (const auto& [field, value] : fields) made.fields.emplace(field, Secret(value));
  return made;
}

NewCredential token(const std::string& name, const std::string& value = "ghp_0123456789") {
  return credential(name, "token", {{"token", value}});
}

/// A daemon's worth of what Credentials needs; start() stands for a restart.
struct World {
  tba::tests::TemporaryFolder folder;
  tba::tests::FakeCredentialStore store;
  tba::tests::FakeClock clock;
  tba::tests::SeededRandom random{11};
  tba::UuidGenerator ids{clock, random};
  tba::vault::LiveSecrets live;
  std::vector<std::string> changed;
  std::unique_ptr<Credentials> credentials;

  World() { start(); }

  std::filesystem::path key_path() const { return folder / "vault.key"; }

  void start() {
    credentials = std::make_unique<Credentials>(
        Credentials::Environment{store, live, clock, random, ids}, tba::vault::KeyFile{key_path()});
    credentials->on_change([this](const std::string& name) { changed.push_back(name); });
    REQUIRE(run_coroutine(credentials->load()));
  }

  tba::Result<tba::vault::CredentialSummary> set(NewCredential made) {
    return run_coroutine(credentials->set(std::move(made)));
  }
  tba::Result<> remove(const std::string& name) { return run_coroutine(credentials->remove(name)); }

  void write_key(const std::string& bytes) {
    folder.write("vault.key", bytes);
    REQUIRE(::chmod(key_path().c_str(), 0600) == 0);
  }
};

std::string masked(const tba::vault::LiveSecrets& live, std::string text) {
  live.mask(text);
  return text;
}

}  // namespace

TEST_CASE("credentials: where the connector has no base URL, each that calls has its own") {
  World world;
  const auto nowhere = std::make_shared<tba::Connector>(*github());
  nowhere->base_url.clear();
  const auto set = [&](NewCredential made, const std::string& base_url = "") {
    made.connector = nowhere;
    made.base_url = base_url;
    return world.set(std::move(made));
  };
  const auto refused = set(token("bot"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::invalid);
  CHECK(refused.error().message ==
        "the base URL is missing, which connector 'github' leaves to its credentials");
  CHECK(set(token("bot"), "https://api.example"));
  CHECK(set(credential("hook", "webhook", {{"secret", "0123456789"}})));
}

TEST_CASE("credentials: one that is set can be found, now and after a restart") {
  World world;
  auto made = token("bot");
  made.base_url = "http://127.0.0.1:9000/api";
  const auto set = world.set(std::move(made));
  REQUIRE(set);
  CHECK(set->name == "bot");
  CHECK(set->version == 1);
  CHECK(set->type == AuthScheme::Type::bearer);
  CHECK(set->created_at == world.clock.now());
  CHECK(world.changed == std::vector<std::string>{"bot"});

  for (int restart = 0; restart < 2; ++restart) {
    const auto found = world.credentials->find("bot");
    REQUIRE(found);
    CHECK(found->id == set->id);
    CHECK(found->connector == "github");
    CHECK(found->scheme == "token");
    CHECK(found->type == AuthScheme::Type::bearer);
    CHECK(found->base_url == "http://127.0.0.1:9000/api");
    CHECK(found->version == 1);
    CHECK((found->field("token") == "ghp_0123456789"));
    CHECK(world.credentials->problem("bot").empty());
    CHECK_FALSE(world.credentials->key_problem());
    world.start();
  }
}

TEST_CASE("credentials: setting again keeps the id and counts the version up") {
  World world;
  const auto first = world.set(token("bot"));
  REQUIRE(first);
  world.clock.advance(std::chrono::hours(1));
  const auto held = world.credentials->find("bot");
  const auto second =
      world.set(credential("bot", "password", {{"username", "ada"}, {"password", "swordfish"}}));
  REQUIRE(second);
  CHECK(second->id == first->id);
  CHECK(second->version == 2);
  CHECK(second->created_at == first->created_at);
  CHECK(second->updated_at == world.clock.now());
  CHECK((held->field("token") == "ghp_0123456789"));
  CHECK((world.credentials->find("bot")->field("password") == "swordfish"));
  world.start();
  CHECK(world.credentials->find("bot")->version == 2);
}

TEST_CASE("credentials: a removed one is gone, and one set after it is new") {
  World world;
  const auto first = world.set(token("bot"));
  REQUIRE(first);
  REQUIRE(world.remove("bot"));
  CHECK_FALSE(world.credentials->find("bot"));
  CHECK(world.credentials->problem("bot") == "credential 'bot' does not exist");
  CHECK(world.credentials->list().empty());
  CHECK(world.store.rows.empty());
  CHECK(world.changed == std::vector<std::string>{"bot", "bot"});

  const auto again = world.remove("bot");
  REQUIRE_FALSE(again);
  CHECK(again.error().code == ErrorCode::not_found);
  CHECK(again.error().message == "credential 'bot' does not exist");

  const auto second = world.set(token("bot"));
  REQUIRE(second);
  CHECK(second->id != first->id);
  CHECK(second->version == 1);
}

TEST_CASE("credentials: the list is by name and without secrets") {
  World world;
  REQUIRE(world.set(token("zoo")));
  REQUIRE(world.set(credential("hook", "webhook", {{"secret", "It's a Secret\n"}})));
  const auto list = world.credentials->list();
  REQUIRE(list.size() == 2);
  CHECK(list[0].name == "hook");
  CHECK(list[0].type == AuthScheme::Type::webhook_secret);
  CHECK(list[1].name == "zoo");
  CHECK(list[1].problem.empty());
}

TEST_CASE("credentials: what is stored shows no secret") {
  World world;
  REQUIRE(
      world.set(credential("login", "password", {{"username", "ada"}, {"password", "swordfish"}})));
  const auto& row = world.store.rows.at("login");
  for (const auto& column : {row.sealed, row.wrapped_key}) {
    CHECK(column.find("swordfish") == std::string::npos);
    CHECK(column.find("ada") == std::string::npos);
  }
}

TEST_CASE("credentials: secrets are masked as long as somebody holds them") {
  World world;
  REQUIRE(world.set(token("bot", "first-token")));
  auto held = world.credentials->find("bot");
  REQUIRE(world.set(token("bot", "second-token")));
  CHECK(masked(world.live, "first-token second-token") == "******** ********");
  held.reset();
  CHECK(masked(world.live, "first-token second-token") == "first-token ********");
  REQUIRE(world.remove("bot"));
  CHECK(masked(world.live, "second-token") == "second-token");
}

TEST_CASE("credentials: of a user and password the password and the pair are masked") {
  World world;
  REQUIRE(world.set(
      credential("login", "password", {{"username", "adalovelace"}, {"password", "swordfish"}})));
  CHECK(masked(world.live, "adalovelace swordfish") == "adalovelace ********");
  CHECK(masked(world.live, "Basic " + tba::vault::base64("adalovelace:swordfish")) ==
        "Basic ********");

  REQUIRE(
      world.set(credential("key", "password", {{"username", "sk_live_0123"}, {"password", ""}})));
  CHECK(masked(world.live, "sk_live_0123") == "********");
}

TEST_CASE("credentials: wrong fields are refused, with those that are right") {
  World world;
  const auto refused = [&](const std::string& scheme,
                           std::initializer_list<std::pair<const char*, std::string>> fields) {
    const auto set = world.set(credential("bot", scheme, fields));
    REQUIRE_FALSE(set);
    CHECK(set.error().code == ErrorCode::invalid);
    return set.error();
  };
  auto error = refused("token", {{"tokn", "x"}, {"token", "y"}});
  CHECK(error.message == "scheme 'token' has no field 'tokn'");
  CHECK(error.hint == "scheme 'token' takes: token");
  error = refused("password", {{"username", "ada"}});
  CHECK(error.message == "the field 'password' is missing");
  CHECK(error.hint == "scheme 'password' takes: username, password");
  CHECK(refused("key", {{"key", ""}}).message == "the field 'key' is empty");
  CHECK(refused("webhook", {{"secret", ""}}).message == "the field 'secret' is empty");
  CHECK_THAT(refused("token", {{"token", "a\nb"}}).message,
             StartsWith("the field 'token' holds a line break"));
  CHECK_THAT(refused("token", {{"token", std::string(65'537, 'x')}}).message,
             Contains("is longer than 65536 bytes"));
  CHECK_THAT(refused("password", {{"username", "a:b"}, {"password", "x"}}).message,
             StartsWith("the field 'username' holds a ':'"));
  error = refused("oauth", {{"token", "x"}});
  CHECK(error.message == "connector 'github' has no auth scheme 'oauth'");
  CHECK(error.hint == "it has: token, key, password, webhook");
  CHECK(world.store.rows.empty());
  CHECK(world.changed.empty());
  CHECK_FALSE(std::filesystem::exists(world.key_path()));
}

TEST_CASE("credentials: a connector without schemes has no credentials") {
  World world;
  auto made = token("bot");
  made.connector = std::make_shared<tba::Connector>();
  const auto set = world.set(std::move(made));
  REQUIRE_FALSE(set);
  CHECK(set.error().hint == "it has none at all");
}

TEST_CASE("credentials: a name must be a name") {
  World world;
  for (const std::string name : {"", "-x", ".x", "a.b", "1a", "a b", "a/b", "ä", "a\n"}) {
    CAPTURE(name);
    const auto set = world.set(token(name));
    REQUIRE_FALSE(set);
    CHECK(set.error().code == ErrorCode::invalid);
    CHECK_FALSE(set.error().hint.empty());
  }
  CHECK_FALSE(world.set(token(std::string(101, 'a'))));
  CHECK(world.set(token("Clan-bot_2")));
}

TEST_CASE("credentials: a base URL is absolute and holds no secret") {
  World world;
  const auto error_of = [&](const std::string& url) {
    auto made = token("bot");
    made.base_url = url;
    const auto set = world.set(std::move(made));
    return set ? std::string() : set.error().message;
  };
  for (const auto& url :
       std::vector<std::string>{"ftp://x", "//x", "example.com", "https://", "https:///x",
                                "http://:80", "https://x/" + std::string(2'000, 'y')}) {
    CAPTURE(url);
    CHECK(error_of(url) == "the base URL is not an absolute http or https URL");
  }
  CHECK(error_of("https://ada:x@example.com") == "the base URL holds a user name or password");
  for (const std::string url : {"https://x?y", "https://x/#y", "https://x y", "https://x\n",
                                "https://x/{y}", "https://x\\y"}) {
    CAPTURE(url);
    CHECK_THAT(error_of(url), StartsWith("the base URL holds a query, a fragment"));
  }
  for (const std::string url : {"https://example.com", "http://[::1]:80/api/", "https://x/a@b"}) {
    CAPTURE(url);
    CHECK(error_of(url).empty());
  }
}

TEST_CASE("credentials: no key file is made before it is needed, then one that stays") {
  World world;
  CHECK_FALSE(std::filesystem::exists(world.key_path()));
  CHECK_FALSE(world.credentials->key_problem());
  REQUIRE(world.set(token("bot")));
  const auto made = std::filesystem::last_write_time(world.key_path());
  REQUIRE(world.set(token("other")));
  CHECK(std::filesystem::last_write_time(world.key_path()) == made);
}

TEST_CASE("credentials: a key file that is there is used") {
  World world;
  world.write_key(std::string(32, 'k'));
  REQUIRE(world.set(token("bot")));
  CHECK(tba::vault::sealed_with(world.store.rows.at("bot")) ==
        tba::vault::MasterKey(Secret(std::string(32, 'k'))).id());
}

TEST_CASE("credentials: a lost key file is named, and restoring it brings everything back") {
  World world;
  REQUIRE(world.set(token("bot")));
  REQUIRE(world.set(token("other")));
  const auto kept = world.folder / "kept.key";
  std::filesystem::rename(world.key_path(), kept);

  world.start();
  const auto problem = world.credentials->key_problem();
  REQUIRE(problem);
  CHECK(problem->message == "the vault's key file " + world.key_path().string() +
                                " is missing, and 2 stored credentials need it");
  CHECK(problem->hint ==
        "restore the key file from a backup: it is 32 bytes long, and its mode must be 0600; then "
        "restart the daemon. Where the key is lost for good, remove the credentials and set them "
        "anew");
  CHECK_FALSE(world.credentials->find("bot"));
  CHECK(world.credentials->problem("bot") ==
        "credential 'bot' cannot be used: " + problem->message);
  CHECK(world.credentials->list().size() == 2);
  CHECK_FALSE(world.credentials->list()[0].type);

  const auto set = world.set(token("third"));
  REQUIRE_FALSE(set);
  CHECK(set.error().message == problem->message);
  CHECK_FALSE(std::filesystem::exists(world.key_path()));

  std::filesystem::rename(kept, world.key_path());
  world.start();
  CHECK_FALSE(world.credentials->key_problem());
  CHECK(world.credentials->find("bot"));
}

TEST_CASE("credentials: a key that is lost for good is replaced once nothing is sealed any more") {
  World world;
  REQUIRE(world.set(token("bot")));
  std::filesystem::remove(world.key_path());
  world.start();
  CHECK_THAT(world.credentials->key_problem()->message, Contains("1 stored credential needs it"));
  REQUIRE(world.remove("bot"));
  REQUIRE(world.set(token("bot")));
  CHECK_FALSE(world.credentials->key_problem());
  CHECK(world.credentials->find("bot"));
  world.start();
  CHECK(world.credentials->find("bot"));
}

TEST_CASE("credentials: a key that does not fit is told from one that is lost") {
  World world;
  REQUIRE(world.set(token("bot")));
  world.write_key(std::string(32, 'x'));
  world.start();
  const auto problem = world.credentials->key_problem();
  REQUIRE(problem);
  CHECK_THAT(problem->message,
             StartsWith("the vault's key file " + world.key_path().string() + " does not fit: "));
  CHECK_THAT(problem->hint, Contains("restore the right key file"));
  CHECK_FALSE(world.credentials->find("bot"));
  CHECK_FALSE(world.set(token("bot")));
  REQUIRE(world.remove("bot"));
  REQUIRE(world.set(token("bot")));
  CHECK_FALSE(world.credentials->key_problem());
}

TEST_CASE("credentials: a key file that is open to others is refused, stored rows or not") {
  World world;
  REQUIRE(world.set(token("bot")));
  REQUIRE(::chmod(world.key_path().c_str(), 0644) == 0);
  world.start();
  REQUIRE(world.credentials->key_problem());
  CHECK_THAT(world.credentials->key_problem()->message,
             Contains("is open to other users (mode 0644), and 1 stored credential needs it"));

  REQUIRE(world.remove("bot"));
  const auto set = world.set(token("bot"));
  REQUIRE_FALSE(set);
  CHECK(set.error().code == ErrorCode::denied);
  world.start();
  REQUIRE(world.credentials->key_problem());
  CHECK_THAT(world.credentials->key_problem()->message, !Contains("stored credential"));
}

TEST_CASE("credentials: one damaged row does not take the others along") {
  World world;
  REQUIRE(world.set(token("bot")));
  REQUIRE(world.set(token("other")));
  world.store.rows.at("bot").sealed.back() ^= 1;
  world.start();
  CHECK_FALSE(world.credentials->key_problem());
  CHECK_FALSE(world.credentials->find("bot"));
  CHECK_THAT(world.credentials->problem("bot"),
             StartsWith("credential 'bot' cannot be used: the stored credential is damaged"));
  CHECK(world.credentials->find("other"));

  REQUIRE(world.set(token("bot")));
  CHECK(world.credentials->find("bot")->version == 2);
}

TEST_CASE("credentials: rows that are all damaged do not blame the key") {
  World world;
  REQUIRE(world.set(token("bot")));
  world.store.rows.at("bot").wrapped_key.clear();
  world.start();
  CHECK_FALSE(world.credentials->key_problem());
  CHECK_THAT(world.credentials->problem("bot"), Contains("damaged"));
}

TEST_CASE("credentials: swapped rows cannot be used") {
  World world;
  REQUIRE(world.set(token("one")));
  REQUIRE(world.set(token("two")));
  auto& one = world.store.rows.at("one");
  auto& two = world.store.rows.at("two");
  std::swap(one.sealed, two.sealed);
  std::swap(one.wrapped_key, two.wrapped_key);
  world.start();
  CHECK_FALSE(world.credentials->find("one"));
  CHECK_FALSE(world.credentials->find("two"));
}

TEST_CASE("credentials: a type that is not known makes it unusable") {
  World world;
  REQUIRE(world.set(token("bot")));
  auto row = world.store.rows.at("bot");
  const auto* type = GENERATE("", "handshake");
  Fields fields;
  fields.emplace("token", Secret("x"));
  if (*type != '\0') fields.emplace("", Secret(type));
  const auto key = tba::vault::MasterKey::load({world.key_path()});
  REQUIRE(key);
  seal(row, fields, *key, world.random);
  world.store.rows.at("bot") = row;
  world.start();
  CHECK_THAT(world.credentials->problem("bot"), Contains("does not know"));
}

TEST_CASE("credentials: what the store cannot do is passed on, and changes nothing") {
  World world;
  REQUIRE(world.set(token("bot", "first-token")));
  world.store.failure = tba::Error{ErrorCode::unavailable, "no space left", "make room"};
  const auto set = world.set(token("bot", "second-token"));
  REQUIRE_FALSE(set);
  CHECK(set.error().code == ErrorCode::unavailable);
  CHECK(set.error().message == "while storing credential 'bot': no space left");
  const auto removed = world.remove("bot");
  REQUIRE_FALSE(removed);
  CHECK(removed.error().hint == "make room");
  CHECK((world.credentials->find("bot")->field("token") == "first-token"));
  CHECK(world.changed == std::vector<std::string>{"bot"});

  const auto loaded = run_coroutine(world.credentials->load());
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().message == "while reading the stored credentials: no space left");
}

TEST_CASE("credentials: somebody else's change is a conflict") {
  World world;
  REQUIRE(world.set(token("bot")));
  world.store.rows.at("bot").version = 5;
  const auto set = world.set(token("bot"));
  REQUIRE_FALSE(set);
  CHECK(set.error().code == ErrorCode::conflict);
  world.store.rows.clear();
  CHECK(world.remove("bot").error().code == ErrorCode::conflict);
}

TEST_CASE("credentials: a change during another of the same name is a conflict") {
  World world;
  std::optional<tba::Error> error;
  world.store.before_next_submit = [&] {
    error = world.set(token("bot", "second-token")).error();
    CHECK(world.remove("bot").error().code == ErrorCode::conflict);
    CHECK(world.set(token("other")));
  };
  REQUIRE(world.set(token("bot", "first-token")));
  REQUIRE(error);
  CHECK(error->code == ErrorCode::conflict);
  CHECK(error->message == "credential 'bot' is being changed by somebody else");
  CHECK((world.credentials->find("bot")->field("token") == "first-token"));
  CHECK(world.set(token("bot", "third-token")));
}
