#include "shared/import/postman.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/import/description.h"
#include "shared/import/placeholders.h"
#include "shared/import/prose.h"
#include "shared/import/sample.h"
#include "shared/import/secrets.h"
#include "shared/import/url_parts.h"
#include "shared/uri.h"
#include "shared/value/json.h"

namespace tba::importing {
namespace {

// A text, or an object that has it as `content`.
std::string_view prose_of(const Value& part) {
  const auto text = text_member(part, "description");
  return text.empty() ? text_member(member(part, "description"), "content") : text;
}

std::string text_of(const Value& value) {
  if (value.is_string()) return std::string(value.as_string());
  return value.is_null() ? std::string() : to_json(value);
}

// The parts of an auth: an array of {key, value} in 2.1, an object in 2.0.
std::string auth_detail(const Value& auth, std::string_view type, std::string_view name) {
  const auto& details = member(auth, type);
  for (const auto& detail : details.items())
    if (text_member(detail, "key") == name) return text_of(member(detail, "value"));
  return text_of(member(details, name));
}

class Importer {
 public:
  Importer(const Value& collection, const ImportOptions& options)
      : collection_(collection), options_(options), gatherer_(options.only) {}

  Result<ImportedConnector> read() && {
    read_variables();
    read_items();
    if (samples_.empty()) return Error{ErrorCode::invalid, "the collection has no requests", ""};
    name_connector();
    for (const auto& sample : samples_) gatherer_.add(sample);
    if (gatherer_.connector().endpoints.empty()) {
      return Error{ErrorCode::not_found,
                   fmt::format("no endpoint has an id like '{}'", options_.only),
                   "import all with '--to -' to see their ids"};
    }
    return std::move(gatherer_).gathered();
  }

 private:
  /// A folder or a request, and what it takes from those it is in.
  struct Item {
    const Value* value;
    const Value* auth;
  };

  void read_variables();
  void read_items();
  void read_request(const Item& item);
  void read_url(const Value& url, Sample& sample);
  void read_query(const Value& url, std::string_view query, Sample& sample);
  void read_headers(const Value& headers, Sample& sample);
  void read_body(const Value& body, Sample& sample);
  void read_raw(const Value& body, Sample& sample);
  void read_graphql(const Value& body, Sample& sample);
  std::vector<SampleField> fields_of(const Value& fields);
  std::optional<AuthScheme> auth_of(const Value& auth);
  void name_connector();
  std::string filled_in(std::string_view text) const;
  Unsupported& unsupported() { return gatherer_.unsupported(); }

  const Value& collection_;
  const ImportOptions& options_;
  SampleGatherer gatherer_;
  std::map<std::string, std::string, std::less<>> variables_;
  std::vector<Sample> samples_;
};

/// Those that may be secrets stay what they are: somebody has to give them.
void Importer::read_variables() {
  for (const auto& variable : member(collection_, "variable").items()) {
    auto name = text_member(variable, "key");
    if (name.empty()) name = text_member(variable, "id");
    auto value = text_of(member(variable, "value"));
    const bool is_secret =
        text_member(variable, "type") == "secret" || names_secret(name) || looks_secret(value);
    if (!name.empty() && !value.empty() && !is_secret)
      variables_.insert_or_assign(std::string(name), std::move(value));
  }
}

/// Depth first, in the order of the file.
void Importer::read_items() {
  std::vector<Item> rest;
  const auto add = [&](const Value& folder, const Value* auth) {
    const auto items = member(folder, "item").items();
    for (auto item = items.rbegin(); item != items.rend(); ++item) rest.push_back({&*item, auth});
  };
  add(collection_, &member(collection_, "auth"));
  while (!rest.empty()) {
    auto item = rest.back();
    rest.pop_back();
    for (const auto* own :
         {&member(*item.value, "auth"), &member(member(*item.value, "request"), "auth")})
      if (own->is_object()) item.auth = own;
    if (!member(*item.value, "event").items().empty()) unsupported().add("script");
    if (!member(*item.value, "response").items().empty()) unsupported().add("example of an answer");
    if (item.value->find("item") != nullptr) {
      add(*item.value, item.auth);
    } else if (item.value->find("request") != nullptr) {
      read_request(item);
    }
  }
}

/// `request` may be the URL alone.
void Importer::read_request(const Item& item) {
  const auto& request = member(*item.value, "request");
  Sample sample;
  sample.id = text_member(*item.value, "name");
  sample.title = sample.id;
  sample.description = prose_of(request);
  const auto method = text_member(request, "method");
  sample.method = method.empty() ? "GET" : method;
  sample.auth = auth_of(*item.auth);
  read_url(request.is_string() ? request : member(request, "url"), sample);
  read_headers(member(request, "header"), sample);
  read_body(member(request, "body"), sample);
  samples_.push_back(std::move(sample));
}

/// The text with the variables that are known put in. A variable may hold others.
std::string Importer::filled_in(std::string_view text) const {
  constexpr int kRounds = 5;
  std::string filled(text);
  for (int round = 0; round < kRounds; ++round) {
    std::string next;
    std::string_view rest = filled;
    for (auto open = rest.find("{{"); open != rest.npos; open = rest.find("{{")) {
      const auto close = rest.find("}}", open);
      if (close == rest.npos) break;
      const auto value = variables_.find(rest.substr(open + 2, close - open - 2));
      next += rest.substr(0, open);
      next += value != variables_.end() ? value->second : rest.substr(open, close + 2 - open);
      rest.remove_prefix(close + 2);
    }
    next += rest;
    if (next == filled) break;
    filled = std::move(next);
  }
  return filled;
}

/// A URL is a text, or an object with that text as `raw` and its parts beside it.
void Importer::read_url(const Value& url, Sample& sample) {
  const auto raw = url.is_string() ? url.as_string() : text_member(url, "raw");
  // The variable that it begins with may have a part of the path; those in the path become
  // parameters.
  const auto end = raw.starts_with("{{") ? std::min(raw.find("}}"), raw.size() - 2) + 2 : 0;
  const auto parts = UrlParts::of(filled_in(raw.substr(0, end)) + std::string(raw.substr(end)));
  const auto origin = filled_in(parts.origin);
  const bool is_known = origin.find("{{") == std::string::npos;
  sample.base_url = is_known ? origin : std::string(kUnknownBaseUrl);
  sample.path = parts.path;
  if (!parts.user_info.empty() && !sample.auth) sample.auth = auth_of_type(AuthScheme::Type::basic);
  sample.variables = fields_of(member(url, "variable"));
  for (const auto& [name, value] : variables_)
    sample.variables.push_back({.name = name, .value = filled_in(value)});
  read_query(url, parts.query, sample);
}

void Importer::read_query(const Value& url, std::string_view query, Sample& sample) {
  if (const auto& fields = member(url, "query"); fields.is_array()) {
    sample.query = fields_of(fields);
    return;
  }
  for (const auto& [name, value] : form_fields(query))
    sample.query.push_back({.name = filled_in(name), .value = filled_in(value)});
}

/// Named values; what is disabled may be sent.
std::vector<SampleField> Importer::fields_of(const Value& fields) {
  std::vector<SampleField> read;
  for (const auto& written : fields.items()) {
    SampleField field{.name = filled_in(text_member(written, "key")),
                      .value = filled_in(text_of(member(written, "value"))),
                      .description = std::string(prose_of(written))};
    field.is_optional = is_true(written, "disabled");
    field.is_file = text_member(written, "type") == "file";
    if (!field.name.empty()) read.push_back(std::move(field));
  }
  return read;
}

/// An array of named values, or lines of text.
void Importer::read_headers(const Value& headers, Sample& sample) {
  sample.headers = fields_of(headers);
  if (!headers.is_string()) return;
  const auto text = filled_in(headers.as_string());
  std::string_view rest = text;
  while (!rest.empty()) {
    auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const auto colon = line.find(':');
    if (colon == line.npos) continue;
    const auto value = line.find_first_not_of(' ', colon + 1);
    sample.headers.push_back({.name = std::string(line.substr(0, colon)),
                              .value = std::string(line.substr(std::min(value, line.size())))});
  }
}

void Importer::read_body(const Value& body, Sample& sample) {
  const auto mode = text_member(body, "mode");
  if (mode.empty() || is_true(body, "disabled")) return;
  if (mode == "raw") return read_raw(body, sample);
  if (mode == "graphql") return read_graphql(member(body, "graphql"), sample);
  if (mode == "urlencoded" || mode == "formdata") {
    const bool is_form = mode == "urlencoded";
    sample.body.kind = is_form ? SampleBody::Kind::form : SampleBody::Kind::multipart;
    sample.body.fields = fields_of(member(body, mode));
  } else if (mode == "file") {
    sample.body = {.kind = SampleBody::Kind::raw,
                   .is_known = false,
                   .content_type = "application/octet-stream"};
  } else {
    unsupported().add(fmt::format("body of mode '{}'", one_line(mode, 40)));
  }
}

/// The header Content-Type says what it is, or else the language that it was written in.
void Importer::read_raw(const Value& body, Sample& sample) {
  const auto header = std::ranges::find_if(sample.headers, [](const SampleField& each) {
    return !each.is_optional && equal_ignoring_case(each.name, "Content-Type");
  });
  auto type = header != sample.headers.end() ? header->value : std::string();
  const auto language = text_member(member(member(body, "options"), "raw"), "language");
  if (type.empty() && language == "xml") type = "application/xml";
  if (type.empty() && language == "html") type = "text/html";
  auto text = filled_in(text_member(body, "raw"));
  if (text.empty()) return;
  const bool is_json = type.find("json") != std::string::npos ||
                       (type.empty() && (language == "json" || parse_json(text)));
  if (is_json && type == "application/json") type.clear();
  if (!is_json && type.empty()) type = "text/plain";
  sample.body = {.kind = is_json ? SampleBody::Kind::json : SampleBody::Kind::raw,
                 .text = std::move(text),
                 .content_type = std::move(type)};
}

void Importer::read_graphql(const Value& body, Sample& sample) {
  ObjectBuilder object;
  object.put("query", Value::string(filled_in(text_member(body, "query"))));
  auto variables = parse_json(filled_in(text_member(body, "variables")));
  if (variables && variables->is_object()) object.put("variables", *std::move(variables));
  sample.body = {.kind = SampleBody::Kind::json, .text = to_json(std::move(object).build())};
}

std::optional<AuthScheme> Importer::auth_of(const Value& auth) {
  const auto type = text_member(auth, "type");
  if (type.empty() || type == "noauth") return std::nullopt;
  if (type == "bearer") return auth_of_type(AuthScheme::Type::bearer);
  if (type == "basic") return auth_of_type(AuthScheme::Type::basic);
  if (type == "digest") return auth_of_type(AuthScheme::Type::digest);
  if (type == "apikey") {
    const auto name = auth_detail(auth, type, "key");
    const bool is_query = auth_detail(auth, type, "in") == "query";
    if (!name.empty() && !is_placeholder(name)) {
      return auth_of_key(is_query ? AuthScheme::Place::query : AuthScheme::Place::header, name);
    }
  }
  if (type == "oauth2") {
    unsupported().add("login by oauth2 (bearer: a token from elsewhere)");
    return auth_of_type(AuthScheme::Type::bearer);
  }
  unsupported().add(fmt::format("authentication of type '{}'", one_line(type, 40)));
  return std::nullopt;
}

/// Its base URL is the one that most requests have.
void Importer::name_connector() {
  auto& connector = gatherer_.connector();
  const auto title = text_member(member(collection_, "info"), "name");
  connector.name = options_.name.empty() ? connector_name(title) : options_.name;
  connector.title = one_line(title, 100);
  std::map<std::string_view, std::size_t> counts;
  for (const auto& sample : samples_) ++counts[sample.base_url];
  connector.base_url =
      std::ranges::max_element(counts, {}, [](const auto& each) { return each.second; })->first;
  if (!options_.base_url.empty()) {
    const auto replaced = connector.base_url;
    connector.base_url = options_.base_url;
    for (auto& sample : samples_)
      if (sample.base_url == replaced) sample.base_url = connector.base_url;
  } else if (connector.base_url == kUnknownBaseUrl) {
    unsupported().add(fmt::format("base URL that is not known (written as {})", kUnknownBaseUrl));
  }
  if (connector.name.empty()) connector.name = connector_name(host_name(connector.base_url));
  if (connector.name.empty()) connector.name = "api";
  if (connector.title.empty()) connector.title = connector.name;
}

}  // namespace

Result<ImportedConnector> import_postman(std::string_view text, const ImportOptions& options) {
  auto collection = parse_json(text);
  if (!collection) return collection.error();
  // Some tools wrap it.
  const auto& wrapped = member(*collection, "collection");
  const auto& root = wrapped.is_object() ? wrapped : *collection;
  if (!member(root, "item").is_array()) {
    return Error{ErrorCode::invalid, "this is no Postman collection of format 2.0 or 2.1",
                 "export the collection from Postman as 'Collection v2.1'"};
  }
  return Importer(root, options).read();
}

}  // namespace tba::importing
