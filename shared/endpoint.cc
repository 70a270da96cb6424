#include "shared/endpoint.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "shared/base_url.h"
#include "shared/header_name.h"
#include "shared/name_table.h"
#include "shared/suggestion.h"

namespace tba {
namespace {

using namespace std::string_view_literals;

constexpr NameTable<BodyFormat, 4> kFormats{{{
    {BodyFormat::json, "json"},
    {BodyFormat::form, "form"},
    {BodyFormat::multipart, "multipart"},
    {BodyFormat::raw, "raw"},
}}};
constexpr auto kFormatNames = kFormats.names();

constexpr std::array kMethods{"GET"sv,   "HEAD"sv,   "POST"sv,   "PUT"sv,
                              "PATCH"sv, "DELETE"sv, "OPTIONS"sv};
constexpr std::array kEffects{"repeat"sv, "keyed"sv, "once"sv};
constexpr std::array kEndpointKeys{
    Key{.name = "title", .description = "what it does, in a few words"},
    Key{.name = "description", .description = "what else there is to know"},
    Key{.name = "method",
        .type = KeyType::choice,
        .is_required = true,
        .description = "the method of the request",
        .choices = kMethods},
    Key{.name = "path",
        .is_required = true,
        .description = "below the base URL, beginning with '/'; {name} stands for a parameter"},
    Key{.name = "base_url",
        .description = "what its path is below, where that is not the connector's base URL"},
    Key{.name = "headers",
        .type = KeyType::text_map,
        .description = "headers of its requests, beside the connector's or in the place of them"},
    Key{.name = "body",
        .type = KeyType::choice,
        .description = "how the parameters with `in: body` are sent: as json (if not given), a "
                       "form, multipart; raw: the one with `in: whole_body` as it is",
        .choices = kFormatNames},
    Key{.name = "content_type",
        .description = "the media type of the body, where that is not the format's own"},
    Key{.name = "parameters",
        .type = KeyType::table_map,
        .description = "what a call gives in `with`",
        .table = &kParameterTable},
    Key{.name = "revalidate",
        .type = KeyType::boolean,
        .description = "whether its answers are kept and asked about, in the place of what the "
                       "connector says; of a GET only"},
    Key{.name = "fresh_for",
        .type = KeyType::duration,
        .description = "for how long its answers are used again without asking, in the place of "
                       "what the connector says; of a GET only"},
    Key{.name = "effect",
        .type = KeyType::choice,
        .description = "what may be done when it is not known whether a call acted, where its "
                       "method says it wrong: a POST that only reads can be repeated",
        .choices = kEffects},
    Key{.name = "retry",
        .type = KeyType::table,
        .description = "what a failed call is tried again for, in the place of the connector's",
        .table = &kRetryTable},
    Key{.name = "rate_limits",
        .type = KeyType::text_or_list,
        .description = "the limits that count its calls; if not given, all that are not "
                       "`only_where_named`"},
    Key{.name = "error",
        .type = KeyType::table,
        .description = "how an answer tells of a failure, in the place of the connector's",
        .table = &kAnswerErrorTable},
    Key{.name = "output",
        .type = KeyType::templated,
        .description = "an expression on .status, .headers and .body: what a step has for its "
                       "body, in the place of the connector's"},
    Key{.name = "pagination",
        .type = KeyType::table,
        .description = "how the list that it gives is asked for page by page, in the place of the "
                       "connector's",
        .table = &kPaginationTable},
    Key{.name = "response",
        .type = KeyType::shape,
        .description = "what is known of the body that a step has"},
};

class EndpointReader {
 public:
  EndpointReader(const EndpointSurroundings& around, Diagnostics& diagnostics)
      : around_(around), diagnostics_(diagnostics) {}

  Endpoint read(const yaml::Node& id, const yaml::Node& node) {
    const Fields fields(node, kEndpointTable, diagnostics_);
    Endpoint endpoint;
    endpoint.id = id.text;
    endpoint.title = fields.text("title", id.text);
    endpoint.description = fields.text("description");
    endpoint.method = fields.text("method");
    endpoint.path = fields.text("path");
    endpoint.base_url = read_base_url(fields, "base_url");
    endpoint.headers = read_headers(fields, "headers");
    endpoint.body = kFormats.value_of(fields.text("body")).value_or(BodyFormat::json);
    endpoint.content_type = fields.text("content_type");
    endpoint.effect = effect_named(fields.text("effect"));
    endpoint.answer = read_answer_rules(fields, around_.answer);
    if (const auto* retry = fields.find("retry"))
      endpoint.retry = read_retry(*retry, kRetryTable, diagnostics_);
    if (const auto* response = fields.find("response"))
      endpoint.response = read_shape(*response, diagnostics_);
    read_keeping(fields, endpoint);
    read_rate_limits(fields, endpoint);
    read_parameters(fields, endpoint);
    check_body(fields, endpoint);
    endpoint.pagination = pagination_of(fields, endpoint);
    if (const auto* path = fields.find("path")) check_path(*path, endpoint);
    return endpoint;
  }

 private:
  void read_keeping(const Fields& fields, Endpoint& endpoint) {
    const bool asks_for_changes = fields.boolean("revalidate", around_.revalidate);
    const auto fresh_for = fields.duration("fresh_for").value_or(around_.fresh_for);
    if (endpoint.method == "GET") {
      endpoint.revalidate = asks_for_changes;
      endpoint.fresh_for = fresh_for;
      return;
    }
    if (fields.boolean("revalidate", false)) {
      fields.key("revalidate")
          ->error(diagnostics_, "only a GET can be asked whether its answer has changed");
    }
    if (fields.has("fresh_for"))
      fields.key("fresh_for")->error(diagnostics_, "only the answer of a GET can be used again");
  }

  void read_rate_limits(const Fields& fields, Endpoint& endpoint) {
    endpoint.rate_limits = fields.texts("rate_limits");
    const auto* node = fields.find("rate_limits");
    std::vector<std::string> known;
    for (const auto& limit : around_.rate_limits) known.push_back(limit.name);
    for (const auto& name : endpoint.rate_limits) {
      if (std::ranges::find(known, name) != known.end()) continue;
      node->error(diagnostics_,
                  fmt::format("there is no limit '{}'{}", name, did_you_mean(name, known)),
                  "`rate_limits` of the connector describes it");
    }
  }

  void read_parameters(const Fields& fields, Endpoint& endpoint) {
    const auto* written = fields.find("parameters");
    if (!written) return;
    for (const auto& [name, node] : written->members) {
      auto parameter = read_parameter(*name, *node, diagnostics_);
      check_place(parameter, *name, *node, endpoint);
      endpoint.parameters.push_back(std::move(parameter));
    }
  }

  // Its own, or the connector's where that fits: it is said of the lists among many endpoints.
  std::shared_ptr<const Pagination> pagination_of(const Fields& fields, const Endpoint& endpoint) {
    if (const auto* node = fields.find("pagination")) {
      auto own = read_pagination(*node, diagnostics_);
      if (own) check_page_parameters(*own, endpoint.parameters, *node, diagnostics_);
      return own;
    }
    const auto& shared = around_.pagination;
    const bool may_be_list = endpoint.response.type == ValueType::any ||
                             endpoint.response.type == ValueType::array ||
                             (shared && shared->items);
    const bool fits = shared && endpoint.method == "GET" && may_be_list &&
                      has_page_parameter(*shared, endpoint.parameters);
    return fits ? shared : nullptr;
  }

  // Whether there is room for the parameter where it goes.
  void check_place(const Parameter& parameter, const yaml::Node& name, const yaml::Node& node,
                   const Endpoint& endpoint) {
    const auto* place = node.find("in");
    switch (parameter.place) {
      case ParameterPlace::path:
        check_path_parameter(parameter, name, endpoint);
        break;
      case ParameterPlace::body:
      case ParameterPlace::whole_body:
        if (place && (endpoint.method == "GET" || endpoint.method == "HEAD"))
          place->error(diagnostics_, fmt::format("a {} request has no body", endpoint.method));
        break;
      case ParameterPlace::query:
      case ParameterPlace::header:
      case ParameterPlace::cookie:
        break;
    }
  }

  void check_path_parameter(const Parameter& parameter, const yaml::Node& name,
                            const Endpoint& endpoint) {
    if (endpoint.path.find("{" + parameter.sent_as + "}") == std::string::npos) {
      name.error(diagnostics_, fmt::format("the path has no {{{}}}", parameter.sent_as));
    } else if (!parameter.required && !parameter.default_value) {
      name.error(diagnostics_, fmt::format("the path cannot do without '{}'", parameter.name),
                 "say `required: true`, or give a default");
    }
  }

  // A body is either one parameter or made of several.
  void check_body(const Fields& fields, const Endpoint& endpoint) {
    for (const auto& parameter : endpoint.parameters) check_whole_body(fields, parameter, endpoint);
    const auto count = [&](ParameterPlace place) {
      return std::ranges::count(endpoint.parameters, place, &Parameter::place);
    };
    const auto whole = count(ParameterPlace::whole_body);
    const auto parts = count(ParameterPlace::body);
    const auto* written = fields.find("parameters");
    if (whole > 1 || (whole == 1 && parts > 0)) {
      written->error(diagnostics_, "there are parameters beside the one that is the whole body",
                     "either one with `in: whole_body`, or any number with `in: body`");
    }
    const auto* format = fields.find("body");
    if (!format) return;
    if (endpoint.body == BodyFormat::raw && whole == 0) {
      format->error(diagnostics_, "a raw body needs the parameter that it is",
                    "one with `in: whole_body`");
    } else if (whole + parts == 0) {
      format->error(diagnostics_, "no parameter goes into the body", "`in: body` says so");
    }
  }

  void check_whole_body(const Fields& fields, const Parameter& parameter,
                        const Endpoint& endpoint) {
    if (parameter.place != ParameterPlace::whole_body) return;
    const auto& node = *fields.find("parameters")->find(parameter.name);
    if (endpoint.body == BodyFormat::multipart)
      node.error(diagnostics_, "a multipart body is made of parts", "`in: body` makes one of each");
    if (endpoint.body == BodyFormat::form && parameter.type() != ValueType::object)
      node.error(diagnostics_, "the fields of a form are an object", "say `type: object`");
  }

  // The {placeholders} of a path, each of which needs a parameter or a key of an auth scheme.
  void check_path(const yaml::Node& path, const Endpoint& endpoint) {
    const auto& text = path.text;
    if (!text.starts_with('/')) {
      path.error(diagnostics_, "a path begins with '/'");
      return;
    }
    for (auto begin = text.find('{'); begin != std::string::npos; begin = text.find('{', begin)) {
      const auto end = std::min(text.find('}', begin), text.size());
      const auto name = text.substr(begin + 1, end - begin - 1);
      if (end == text.size()) {
        diagnostics_.error(path.where, begin, 1, "the placeholder is not closed");
      } else if (!is_path_parameter(endpoint, name)) {
        diagnostics_.error(path.where, begin, end + 1 - begin,
                           fmt::format("no parameter with `in: path` is called '{}'", name));
      }
      begin = end;
    }
    if (const auto at = text.find_first_of(" ?#"); at != std::string::npos) {
      diagnostics_.error(path.where, at, 1, fmt::format("a path holds no '{}'", text[at]),
                         "put what belongs into the query into parameters with `in: query`");
    }
  }

  bool is_path_parameter(const Endpoint& endpoint, std::string_view name) const {
    return std::any_of(endpoint.parameters.begin(), endpoint.parameters.end(),
                       [&](const Parameter& parameter) {
                         return parameter.place == ParameterPlace::path &&
                                parameter.sent_as == name;
                       }) ||
           std::any_of(around_.auth.begin(), around_.auth.end(), [&](const AuthScheme& scheme) {
             return scheme.place == AuthScheme::Place::path && scheme.parameter == name;
           });
  }

  const EndpointSurroundings& around_;
  Diagnostics& diagnostics_;
};

}  // namespace

constinit const KeyTable kEndpointTable{"endpoint", "an endpoint", kEndpointKeys};

bool Endpoint::has_body() const {
  return std::ranges::any_of(parameters, [](const Parameter& parameter) {
    return parameter.place == ParameterPlace::body || parameter.place == ParameterPlace::whole_body;
  });
}

Endpoint read_endpoint(const yaml::Node& id, const yaml::Node& node,
                       const EndpointSurroundings& around, Diagnostics& diagnostics) {
  return EndpointReader(around, diagnostics).read(id, node);
}

}  // namespace tba
