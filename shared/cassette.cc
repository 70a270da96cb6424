#include "shared/cassette.h"

#include <algorithm>
#include <array>
#include <memory>

#include <fmt/format.h>

#include "shared/connector_reader.h"
#include "shared/import/yaml_text.h"
#include "shared/key_table.h"
#include "shared/suggestion.h"
#include "shared/yaml_reader.h"
#include "shared/yaml_scalars.h"

namespace tba {
namespace {

constexpr std::array kRequestKeys{
    Key{.name = "method", .description = "the method that is sent"},
    Key{.name = "url", .description = "the whole URL, with its query"},
    Key{.name = "headers",
        .type = KeyType::text_map,
        .description = "those that are compared; others may be sent"},
    Key{.name = "body",
        .type = KeyType::literal,
        .description = "the value that JSON says, or text; null for none"},
};
constexpr KeyTable kRequestTable{"cassette_request", "the request", kRequestKeys};

constexpr std::array kAnswerKeys{
    Key{.name = "status",
        .type = KeyType::integer,
        .description = "200 if not given",
        .minimum = 100,
        .maximum = 599},
    Key{.name = "headers", .type = KeyType::text_map, .description = "the headers of the answer"},
    Key{.name = "body",
        .type = KeyType::literal,
        .description = "text as it is, any other value as JSON"},
};
constexpr KeyTable kAnswerTable{"cassette_answer", "the answer", kAnswerKeys};

constexpr std::array kFailureKeys{
    Key{.name = "kind", .description = "its kind, such as http_status, api or request"},
    Key{.name = "message", .description = "the whole message"},
    Key{.name = "retry_after",
        .type = KeyType::number,
        .description = "in how many seconds the API asks to come again"},
};
constexpr KeyTable kFailureTable{"cassette_error", "the error", kFailureKeys};

constexpr std::array kCassetteKeys{
    Key{.name = "name", .description = "what it shows; the endpoint's id if not given"},
    Key{.name = "endpoint", .is_required = true, .description = "the endpoint that is called"},
    Key{.name = "parameters",
        .type = KeyType::literal_map,
        .description = "what it is called with"},
    Key{.name = "auth", .description = "the auth scheme that it is called by"},
    Key{.name = "request",
        .type = KeyType::table,
        .description = "what is sent",
        .table = &kRequestTable},
    Key{.name = "answer",
        .type = KeyType::table,
        .description = "what the API answers",
        .table = &kAnswerTable},
    Key{.name = "result", .type = KeyType::literal, .description = "the body that a step has"},
    Key{.name = "error",
        .type = KeyType::table,
        .description = "how it fails",
        .table = &kFailureTable},
};
constexpr KeyTable kCassetteTable{"cassette", "a cassette", kCassetteKeys};

constexpr std::array kFileKeys{
    Key{.name = "cassettes",
        .type = KeyType::table_list,
        .is_required = true,
        .description = "calls as they went",
        .table = &kCassetteTable},
};
constexpr KeyTable kFileTable{"cassettes", "a file of cassettes", kFileKeys};

std::optional<std::string> text_of(const Fields& fields, std::string_view key) {
  return fields.find(key) ? std::optional(fields.text(key)) : std::nullopt;
}

std::optional<Value> value_of(const Fields& fields, std::string_view key) {
  const auto* node = fields.find(key);
  return node ? std::optional(to_value(*node, fields.diagnostics())) : std::nullopt;
}

class CassetteReader {
 public:
  CassetteReader(const Connector& connector, Diagnostics& diagnostics)
      : connector_(connector), diagnostics_(diagnostics) {}

  Cassette read(const yaml::Node& node) {
    const Fields fields(node, kCassetteTable, diagnostics_);
    Cassette cassette;
    cassette.endpoint = fields.text("endpoint");
    cassette.name = fields.text("name", cassette.endpoint);
    cassette.parameters = value_of(fields, "parameters").value_or(Value::object({}));
    cassette.auth = fields.text("auth");
    cassette.result = value_of(fields, "result");
    if (const auto* request = fields.find("request")) cassette.request = read_request(*request);
    if (const auto* answer = fields.find("answer")) cassette.answer = read_answer(*answer);
    if (const auto* failure = fields.find("error")) cassette.failure = read_failure(*failure);
    check_names(fields);
    check_parts(fields);
    return cassette;
  }

 private:
  Cassette::Request read_request(const yaml::Node& node) {
    const Fields fields(node, kRequestTable, diagnostics_);
    return {text_of(fields, "method"), text_of(fields, "url"), fields.text_map("headers"),
            value_of(fields, "body")};
  }

  Cassette::Answer read_answer(const yaml::Node& node) {
    const Fields fields(node, kAnswerTable, diagnostics_);
    return {static_cast<int>(fields.integer("status", 200)), fields.text_map("headers"),
            value_of(fields, "body").value_or(Value())};
  }

  Cassette::Failure read_failure(const yaml::Node& node) {
    const Fields fields(node, kFailureTable, diagnostics_);
    Cassette::Failure failure{text_of(fields, "kind"), text_of(fields, "message"), {}};
    if (fields.find("retry_after")) failure.retry_after = fields.number("retry_after", 0);
    return failure;
  }

  void check_names(const Fields& fields) {
    const auto* endpoint = fields.find("endpoint");
    if (endpoint && !connector_.endpoint(endpoint->text)) {
      std::vector<std::string> known;
      for (const auto& each : connector_.endpoints) known.push_back(each.id);
      endpoint->error(diagnostics_, fmt::format("there is no endpoint '{}'{}", endpoint->text,
                                                did_you_mean(endpoint->text, known)));
    }
    const auto* called = endpoint ? connector_.endpoint(endpoint->text) : nullptr;
    if (called && called->method.empty())
      endpoint->error(diagnostics_, fmt::format("'{}' sends no HTTP request", endpoint->text));
    const auto* auth = fields.find("auth");
    const auto* scheme = auth ? connector_.scheme(auth->text) : nullptr;
    if (scheme && !is_repeatable(*scheme)) {
      auth->error(diagnostics_,
                  fmt::format("a call by '{}' proves who is calling in another way each time, or "
                              "not at all",
                              auth->text),
                  "leave 'auth' out");
    } else if (auth && !scheme) {
      std::vector<std::string> known;
      for (const auto& each : connector_.auth) known.push_back(each.name);
      auth->error(diagnostics_, fmt::format("there is no auth scheme '{}'{}", auth->text,
                                            did_you_mean(auth->text, known)));
    }
  }

  void check_parts(const Fields& fields) {
    if (fields.has("result") && fields.has("error"))
      fields.key("error")->error(diagnostics_, "a call has a result or fails, not both");
    if (fields.has("result") && !fields.has("answer"))
      fields.key("result")->error(diagnostics_, "a result needs the 'answer' that it is made of");
  }

  const Connector& connector_;
  Diagnostics& diagnostics_;
};

Value as_value(const Cassette::Headers& headers) {
  ObjectBuilder object;
  for (const auto& [name, value] : headers) object.put(name, Value::string(value));
  return std::move(object).build();
}

void put(ObjectBuilder& object, std::string_view key, const std::optional<std::string>& text) {
  if (text) object.put(key, Value::string(*text));
}

Value as_value(const Cassette::Request& request) {
  ObjectBuilder object;
  put(object, "method", request.method);
  put(object, "url", request.url);
  if (!request.headers.empty()) object.put("headers", as_value(request.headers));
  if (request.body) object.put("body", *request.body);
  return std::move(object).build();
}

Value as_value(const Cassette::Answer& answer) {
  ObjectBuilder object;
  object.put("status", Value::integer(answer.status));
  if (!answer.headers.empty()) object.put("headers", as_value(answer.headers));
  if (!answer.body.is_null()) object.put("body", answer.body);
  return std::move(object).build();
}

Value as_value(const Cassette::Failure& failure) {
  ObjectBuilder object;
  put(object, "kind", failure.kind);
  put(object, "message", failure.message);
  if (failure.retry_after) object.put("retry_after", Value::number(*failure.retry_after));
  return std::move(object).build();
}

// Of a file of cassettes that has been read, how far in its list stands; nothing where the list is
// none whose items begin with a dash each.
std::optional<std::size_t> list_indent(const SourceFile& file, const yaml::Node& list) {
  constexpr std::size_t kUsual = 2;
  if (list.kind == yaml::Node::Kind::null) return kUsual;
  if (list.items.empty()) return std::nullopt;
  const auto line = file.line(list.items.front()->where.position(0).line);
  const auto dash = line.find_first_not_of(' ');
  return line.substr(dash).starts_with("- ") ? std::optional(dash) : std::nullopt;
}

// The list of a file that is nothing else; null where it is more, or none.
yaml::NodePtr list_in(const std::string& text, std::shared_ptr<const SourceFile>& file) {
  Diagnostics diagnostics;
  file = std::make_shared<const SourceFile>("cassettes", text);
  const auto root = yaml::read(file, diagnostics, kConnectorLimits);
  if (!root || root->members.size() != 1 || root->members.front().key->text != "cassettes")
    return nullptr;
  return root->members.front().value;
}

}  // namespace

bool is_repeatable(const AuthScheme& scheme) {
  using Type = AuthScheme::Type;
  constexpr std::array kRepeatable{Type::none, Type::bearer, Type::basic, Type::api_key,
                                   Type::oauth2};
  return std::ranges::find(kRepeatable, scheme.type) != kRepeatable.end();
}

Value as_value(const Cassette& cassette) {
  ObjectBuilder object;
  object.put("name", Value::string(cassette.name));
  object.put("endpoint", Value::string(cassette.endpoint));
  if (cassette.parameters.size() > 0) object.put("parameters", cassette.parameters);
  if (!cassette.auth.empty()) object.put("auth", Value::string(cassette.auth));
  object.put("request", as_value(cassette.request));
  if (cassette.answer) object.put("answer", as_value(*cassette.answer));
  if (cassette.result) object.put("result", *cassette.result);
  if (cassette.failure) object.put("error", as_value(*cassette.failure));
  return std::move(object).build();
}

Result<std::string> with_cassette(const std::string& text, const Value& cassette) {
  const Error unfit{ErrorCode::invalid, "nothing can be put behind the cassettes of the file",
                    "it is to be `cassettes:` and below it a list whose items begin with '-'"};
  const bool is_empty = text.find_first_not_of(" \n") == std::string::npos;
  auto longer = is_empty ? "cassettes:\n" : text;
  std::shared_ptr<const SourceFile> file;
  const auto list = list_in(longer, file);
  const auto indent = list ? list_indent(*file, *list) : std::nullopt;
  if (!indent) return unfit;
  while (longer.ends_with('\n')) longer.pop_back();
  constexpr std::size_t kBelow = 1000;  // the line is full
  importing::append_yaml(longer, Value::array({cassette}), *indent, kBelow);
  const auto read_back = list_in(longer, file);
  if (!read_back || read_back->items.size() != list->items.size() + 1) return unfit;
  return longer;
}

std::optional<std::vector<Cassette>> read_cassettes(const std::string& path, std::string text,
                                                    const Connector& connector,
                                                    Diagnostics& diagnostics) {
  const auto errors = diagnostics.error_count();
  const auto file = std::make_shared<const SourceFile>(path, std::move(text));
  const auto root = yaml::read(file, diagnostics, kConnectorLimits);
  if (!root) return std::nullopt;
  const Fields fields(*root, kFileTable, diagnostics);
  CassetteReader reader(connector, diagnostics);
  std::vector<Cassette> cassettes;
  for (const auto* node : fields.tables("cassettes")) cassettes.push_back(reader.read(*node));
  if (diagnostics.error_count() > errors) return std::nullopt;
  return cassettes;
}

}  // namespace tba
