#include "cli/event_stream.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

namespace tba::tests {
namespace {

std::vector<std::string> events_of(std::string_view text, std::size_t piece) {
  std::vector<std::string> events;
  cli::EventStreamParser parser;
  for (std::size_t i = 0; i < text.size(); i += piece) {
    parser.feed(text.substr(i, piece), [&](const cli::ServerEvent& event) {
      events.push_back(event.name + "=" + event.data);
    });
  }
  return events;
}

}  // namespace

TEST_CASE("event stream: events come out whole, however the bytes arrive") {
  const std::string text =
      ": comment\n\nevent: run\nid: 7\ndata: {\"a\":1}\n\ndata:one\r\ndata: two\r\n\r\n"
      "event: none\n\nevent:x\rdata\r\revent: cut\ndata: off";
  const std::vector<std::string> expected{"run={\"a\":1}", "message=one\ntwo", "x="};
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    CHECK(events_of(text, piece) == expected);
  }
}

}  // namespace tba::tests
