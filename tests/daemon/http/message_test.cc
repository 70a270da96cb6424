#include "daemon/http/message.h"

#include <catch2/catch.hpp>

#include "daemon/http/event_stream.h"
#include "daemon/http/problem.h"
#include "daemon/http/response_head.h"

using namespace tba;
using namespace tba::http;

TEST_CASE("message: header names have no case, the first value counts") {
  const Headers headers = {{"X-Event", "push"}, {"x-event", "pull"}};
  CHECK(headers.find("X-EVENT") == "push");
  CHECK(headers.count("x-Event") == 2);
  CHECK(!headers.find("X-Even"));
}

TEST_CASE("message: a peer's text says where it is") {
  CHECK(Peer{{}, "192.0.2.7", 80}.text() == "192.0.2.7:80");
  CHECK(Peer{{}, "2001:db8::7", 80}.text() == "[2001:db8::7]:80");
  CHECK(Peer{Peer::Local{1000, 1}, {}, 0}.text() == "uid 1000");
}

TEST_CASE("message: asking for a parameter that the route has not is a bug") {
  CHECK_THROWS_AS(Request().parameter("id"), std::logic_error);
}

TEST_CASE("problem: the document has the members of RFC 9457 and ours") {
  const auto response = problem(404, "not_found", "no run \"x\"", "see `run list`");
  CHECK(response.status == 404);
  CHECK(response.headers.find("Content-Type") == "application/problem+json");
  CHECK(response.body ==
        R"({"type":"about:blank","title":"Not Found","status":404,"code":"not_found",)"
        R"("detail":"no run \"x\"","hint":"see `run list`"})");
}

TEST_CASE("problem: text that is not UTF-8 is replaced") {
  CHECK(problem(400, "x", "a\xff").body.find("a\xEF\xBF\xBD") != std::string::npos);
}

TEST_CASE("problem: each kind of failure has its status") {
  const auto [code, status] = GENERATE(table<ErrorCode, int>({{ErrorCode::invalid, 400},
                                                              {ErrorCode::denied, 403},
                                                              {ErrorCode::not_found, 404},
                                                              {ErrorCode::conflict, 409},
                                                              {ErrorCode::limit_exceeded, 422},
                                                              {ErrorCode::internal, 500},
                                                              {ErrorCode::unavailable, 503},
                                                              {ErrorCode::timed_out, 504}}));
  CHECK(problem(Error{code, "it did not work", {}}).status == status);
}

TEST_CASE("event stream: every line of the data is a field") {
  CHECK(format_event({"run", "a\nb\r\nc\rd", "7"}) ==
        "event: run\nid: 7\ndata: a\ndata: b\ndata: c\ndata: d\n\n");
  CHECK(format_event({"", ""}) == "data: \n\n");
}

TEST_CASE("response head: the date is an IMF-fixdate") {
  CHECK(http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST_CASE("response head: headers that would split the response are not valid") {
  CHECK(headers_are_valid({{"X-A", "b c"}}));
  CHECK(!headers_are_valid({{"X-A", "b\r\nX-B: c"}}));
  CHECK(!headers_are_valid({{"X A", "b"}}));
  CHECK(!headers_are_valid({{"", "b"}}));
  CHECK(!headers_are_valid({{"content-length", "3"}}));
}
