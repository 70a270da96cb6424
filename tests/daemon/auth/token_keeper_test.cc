#include "daemon/auth/token_keeper.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>

#include "daemon/auth/credential_state.h"
#include "shared/time_format.h"
#include "tests/daemon/auth/auth_world.h"

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using tba::ErrorCode;
using tba::tests::AuthWorld;
using tba::tests::header;
using tba::tests::sent;
using tba::vault::Credential;

namespace {

using Usable = tba::Result<std::shared_ptr<const Credential>>;

constexpr auto* kSecondTokens =
    R"({"access_token":"access-2","refresh_token":"refresh-2","expires_in":3600})";

/// Begins to ask for a credential; what comes of it is put into `answers`.
void ask(AuthWorld& world, const std::string& name, std::vector<Usable>& answers) {
  boost::asio::co_spawn(world.io, world.keeper->usable(name),
                        [&](std::exception_ptr thrown, Usable answer) {
                          if (thrown) std::rethrow_exception(thrown);
                          answers.push_back(std::move(answer));
                        });
}

}  // namespace

TEST_CASE("token keeper: a credential that knows no tokens is given as it is") {
  AuthWorld world;
  world.set("plain", "token", {{"token", "s3cret"}});
  const auto found = world.usable("plain");
  REQUIRE(found);
  CHECK(((*found)->field("token") == "s3cret"));
  const auto missing = world.usable("nobody");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message == "credential 'nobody' does not exist");
  CHECK(world.requests().empty());
}

TEST_CASE("token keeper: an access token is used until shortly before its end") {
  AuthWorld world;
  world.set_logged_in("mine", tba::format_time(world.clock.now() + 2min));
  CHECK((world.usable().value()->field("access_token") == "access-1"));
  CHECK(world.requests().empty());
  world.clock.advance(90s);
  world.http.script.answer(200, kSecondTokens);
  const auto renewed = world.usable();
  REQUIRE(renewed);
  CHECK(((*renewed)->field("access_token") == "access-2"));
  CHECK(((*renewed)->field("refresh_token") == "refresh-2"));
  CHECK(tba::auth::time_field(**renewed, "expires_at") == world.clock.now() + 1h);
  CHECK(world.field("mine", "refreshing_since").empty());
  REQUIRE(world.requests().size() == 1);
  const auto& request = world.requests().front();
  CHECK(request.url == "https://login.notes.example/token");
  CHECK_FALSE(request.may_resend);
  CHECK(sent(request, "grant_type") == "refresh_token");
  CHECK(sent(request, "refresh_token") == "refresh-1");
  CHECK(header(request, "Authorization") == "Basic YzE6Y2xpZW50LXNlY3JldA==");

  (void)world.usable();
  CHECK(world.requests().size() == 1);
}

TEST_CASE("token keeper: a token that lives a moment is not renewed each time") {
  AuthWorld world;
  world.set_logged_in();
  world.http.script.answer(200, R"({"access_token":"access-2","expires_in":40})");
  (void)world.usable();
  world.clock.advance(29s);
  (void)world.usable();
  CHECK(world.requests().size() == 1);
  CHECK(world.field("mine", "refresh_token") == "refresh-1");  // not rotated: it still holds
  world.clock.advance(2s);
  (void)world.usable();
  CHECK(world.requests().size() == 2);
}

TEST_CASE("token keeper: many who need a token cause one refresh") {
  AuthWorld world;
  world.set_logged_in();
  world.http.holds = true;
  world.http.script.answer(200, kSecondTokens);
  std::vector<Usable> answers;
  for (int i = 0; i < 200; ++i) ask(world, "mine", answers);
  world.settle();
  CHECK(world.http.waiting == 1);
  CHECK(answers.empty());
  CHECK_FALSE(world.field("mine", "refreshing_since").empty());
  world.http.let_go();
  world.settle();
  REQUIRE(answers.size() == 200);
  for (const auto& answer : answers) {
    REQUIRE(answer);
    CHECK(((*answer)->field("access_token") == "access-2"));
  }
  CHECK(world.requests().size() == 1);
}

TEST_CASE("token keeper: who gives up waiting does not end the refresh") {
  AuthWorld world;
  world.set_logged_in();
  world.http.holds = true;
  world.http.script.answer(200, kSecondTokens);
  boost::asio::cancellation_signal give_up;
  bool has_ended = false;
  boost::asio::co_spawn(world.io, world.keeper->usable("mine"),
                        boost::asio::bind_cancellation_slot(
                            give_up.slot(), [&](std::exception_ptr, Usable) { has_ended = true; }));
  world.settle();
  give_up.emit(boost::asio::cancellation_type::terminal);
  world.settle();
  CHECK(has_ended);
  world.http.let_go();
  world.settle();
  CHECK(world.field("mine", "access_token") == "access-2");
}

TEST_CASE("token keeper: a refused grant needs a login, and nothing is deleted") {
  AuthWorld world;
  world.set_logged_in();
  world.changed.clear();
  world.http.script.answer(400,
                           R"({"error":"invalid_grant","error_description":"Token is gone."})");
  const auto refused = world.usable();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::invalid);
  CHECK(refused.error().message ==
        "credential 'mine' cannot be used: it needs a login (`tba-integrate credential login "
        "mine`): the token endpoint answered 400, invalid_grant: Token is gone");
  CHECK(world.changed == std::vector<std::string>{"mine"});
  CHECK(world.field("mine", "refresh_token") == "refresh-1");
  CHECK(world.field("mine", "access_token") == "access-1");

  (void)world.usable();
  CHECK(world.requests().size() == 1);  // it is not asked for again
  world.start();
  CHECK_THAT(world.usable().error().message, Contains("needs a login"));
}

TEST_CASE("token keeper: an endpoint that is down is asked again after a growing pause") {
  AuthWorld world;
  world.set_logged_in();
  world.http.script.answer(503, "");
  std::vector<int> asked;
  for (int second = 0; second < 16; ++second) {
    const auto before = world.requests().size();
    const auto failed = world.usable();
    REQUIRE_FALSE(failed);
    CHECK(failed.error().code == ErrorCode::unavailable);
    CHECK(failed.error().message ==
          "credential 'mine' got no access token: the token endpoint answered 503");
    if (world.requests().size() > before) asked.push_back(second);
    world.clock.advance(1s);
  }
  CHECK(asked == std::vector<int>{0, 1, 3, 7, 15});
  CHECK(world.field("mine", "refreshing_since").empty());  // it did answer
  world.clock.advance(1h);
  world.http.script.answer_only(tba::net::HttpResponse{200, {}, kSecondTokens});
  CHECK(world.usable().has_value());
}

TEST_CASE("token keeper: it keeps away for as long as the endpoint asks") {
  AuthWorld world;
  world.set_logged_in();
  world.http.script.answer(429, "", {{"retry-after", "120"}});
  (void)world.usable();
  world.clock.advance(119s);
  (void)world.usable();
  CHECK(world.requests().size() == 1);
  world.clock.advance(1s);
  (void)world.usable();
  CHECK(world.requests().size() == 2);
}

TEST_CASE("token keeper: a token that has not ended is used where it cannot be renewed") {
  AuthWorld world;
  world.set_logged_in("mine", tba::format_time(world.clock.now() + 30s));
  world.http.script.answer(
      tba::net::HttpFailure{tba::net::HttpFailure::Kind::connect, false, "nobody listens"});
  CHECK((world.usable().value()->field("access_token") == "access-1"));
  CHECK(world.requests().size() == 1);
  world.clock.advance(31s);
  const auto failed = world.usable();
  REQUIRE_FALSE(failed);
  CHECK_THAT(failed.error().message, Contains("nobody listens"));
}

TEST_CASE("token keeper: a wrong client is no reason for a login") {
  AuthWorld world;
  world.set_logged_in();
  world.http.script.answer(401, R"({"error":"invalid_client"})");
  const auto failed = world.usable();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ErrorCode::invalid);
  CHECK_THAT(failed.error().message, Contains("invalid_client"));
  CHECK(world.credentials->problem("mine").empty());
  world.clock.advance(1h);
  world.http.script.answer_only(tba::net::HttpResponse{200, {}, kSecondTokens});
  CHECK(world.usable().has_value());
}

TEST_CASE("token keeper: a daemon killed before the answer was stored tries again, and tells") {
  AuthWorld world;
  world.set_logged_in();
  world.http.holds = true;
  std::vector<Usable> answers;
  ask(world, "mine", answers);
  world.settle();
  const auto at_the_kill = world.store.rows;  // the mark is there, the tokens are not
  world.http.script.answer(200, kSecondTokens);
  world.http.let_go();
  world.settle();
  world.store.rows = at_the_kill;

  SECTION("the old refresh token still works") {
    world.http.script.answer_only(
        tba::net::HttpResponse{200, {}, R"({"access_token":"access-3","expires_in":3600})"});
    world.start();
    world.settle();
    CHECK(world.field("mine", "access_token") == "access-3");
    CHECK(world.credentials->problem("mine").empty());
  }
  SECTION("the old refresh token is gone") {
    world.http.script.answer_only(tba::net::HttpResponse{400, {}, R"({"error":"invalid_grant"})"});
    world.changed.clear();
    world.start();
    world.settle();
    CHECK_THAT(world.credentials->problem("mine"),
               Contains("needs a login") && Contains("was cut short"));
    CHECK(world.changed == std::vector<std::string>{"mine"});
    CHECK(world.field("mine", "refresh_token") == "refresh-1");
  }
  SECTION("nobody answers: it stays as it is") {
    world.http.script.answer_only(tba::net::HttpFailure{tba::net::HttpFailure::Kind::reset, true,
                                                        "the connection was reset"});
    world.start();
    world.settle();
    CHECK_FALSE(world.field("mine", "refreshing_since").empty());
    CHECK(world.credentials->problem("mine").empty());
  }
}

TEST_CASE("token keeper: tokens that cannot be stored are used by nobody") {
  AuthWorld world;
  world.set_logged_in();
  world.http.holds = true;
  world.http.script.answer(200, kSecondTokens);
  std::vector<Usable> answers;
  ask(world, "mine", answers);
  world.settle();
  world.store.failure = tba::Error{ErrorCode::unavailable, "no space left", ""};
  world.http.let_go();
  world.settle();
  REQUIRE(answers.size() == 1);
  REQUIRE_FALSE(answers.front());
  CHECK_THAT(answers.front().error().message, Contains("no space left"));
  CHECK(world.field("mine", "access_token") == "access-1");
  world.store.failure.reset();
}

TEST_CASE("token keeper: a token of a client needs nobody, and is got again when it ends") {
  AuthWorld world;
  world.set("app", "app",
            {{"client_id", "c1"}, {"client_secret", "client-secret"}, {"tenant", "a b"}});
  CHECK(world.credentials->problem("app").empty());
  world.http.script.answer(200, R"({"access_token":"access-1","expires_in":"3600"})");
  CHECK((world.usable("app").value()->field("access_token") == "access-1"));
  REQUIRE(world.requests().size() == 1);
  const auto& request = world.requests().front();
  CHECK(request.url == "https://api.notes.example/a%20b/token");
  CHECK(request.body == R"({"grant_type":"client_credentials","audience":"notes","client_id":"c1",)"
                        R"("client_secret":"client-secret"})");
  CHECK(header(request, "X-Version") == "2");
  CHECK(header(request, "Authorization").empty());
  world.clock.advance(1h);
  (void)world.usable("app");
  CHECK(world.requests().size() == 2);
}

TEST_CASE("token keeper: one that is refused before its end is renewed once for all") {
  AuthWorld world;
  world.set_logged_in("mine", tba::format_time(world.clock.now() + 1h));
  const auto old = world.usable().value();
  world.http.script.answer(200, kSecondTokens);
  const auto renewed = world.await(world.keeper->renewed("mine", old->version));
  CHECK((renewed.value()->field("access_token") == "access-2"));
  const auto again = world.await(world.keeper->renewed("mine", old->version));
  CHECK((again.value()->field("access_token") == "access-2"));
  CHECK(world.requests().size() == 1);
  CHECK_FALSE(tba::auth::may_be_renewed(**again, world.clock.now()));
  CHECK(tba::auth::may_be_renewed(**again, world.clock.now() + 1min));
}

TEST_CASE("token keeper: without a refresh token somebody must log in when it ends") {
  AuthWorld world;
  world.set("mine", "oauth",
            {{"client_id", "c1"}, {"access_token", "a"}, {"expires_at", "2020-01-01T00:00:00Z"}});
  CHECK_THAT(world.usable().error().message,
             Contains("its access token has ended, and there is no refresh token"));
  CHECK(world.requests().empty());
  CHECK_FALSE(
      tba::auth::may_be_renewed(*world.credentials->find_for_login("mine"), world.clock.now()));
}

TEST_CASE("token keeper: a refresh token that nobody uses is used before it ends") {
  AuthWorld world;
  world.set_logged_in();
  world.http.script.answer(
      200, R"({"access_token":"access-2","refresh_token":"refresh-2","expires_in":3600,)"
           R"("refresh_token_expires_in":864000})");
  (void)world.usable();
  REQUIRE(world.alarm.when());
  CHECK(*world.alarm.when() == world.clock.now() + 240h - 60h);  // a quarter before ten days
  world.clock.advance(180h);
  world.http.script.answer_only(tba::net::HttpResponse{
      200, {}, R"({"access_token":"access-3","refresh_token":"refresh-3","expires_in":3600})"});
  world.alarm.ring();
  world.settle();
  CHECK(world.field("mine", "refresh_token") == "refresh-3");
  REQUIRE(world.alarm.when());
  CHECK(*world.alarm.when() == world.clock.now() + 24h * 30 - 72h);  // as the scheme says

  world.clock.advance(24h * 28);
  world.http.script.answer_only(
      tba::net::HttpFailure{tba::net::HttpFailure::Kind::dns, false, "the host is not known"});
  world.alarm.ring();
  world.settle();
  REQUIRE(world.alarm.when());
  CHECK(*world.alarm.when() == world.clock.now() + 1s);
}

TEST_CASE("token keeper: a credential whose scheme is gone says so") {
  AuthWorld world;
  world.set_logged_in();
  world.connector = nullptr;
  const auto failed = world.usable();
  REQUIRE_FALSE(failed);
  CHECK_THAT(failed.error().message, Contains("which there no longer is"));
}

TEST_CASE("token keeper: a stopping one begins no refresh") {
  AuthWorld world;
  world.set_logged_in();
  world.await(world.stop());
  const auto failed = world.usable();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ErrorCode::unavailable);
  CHECK(world.requests().empty());
}
