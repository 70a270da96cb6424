#include "shared/import/curl.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/connector_catalog.h"
#include "shared/import/curl_options.h"
#include "shared/import/prose.h"
#include "shared/import/sample.h"
#include "shared/import/shell_words.h"
#include "shared/import/url_parts.h"
#include "shared/uri.h"
#include "shared/value/json.h"

namespace tba::importing {
namespace {

constexpr std::string_view kFormType = "application/x-www-form-urlencoded";

Error invalid(std::string message, std::string hint = {}) {
  return {ErrorCode::invalid, std::move(message), std::move(hint)};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const auto begin = std::min(text.find_first_not_of(kBlanks), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

// A piece of what -d and the like send.
struct Data {
  std::string text;      // as it is sent
  std::string name;      // of one field, where `text` is in a file
  bool is_known = true;  // not in a file
};

// "content", "=content", "name=content", "@file", "name@file".
Data urlencoded(std::string_view value) {
  const auto mark = value.find_first_of("=@");
  if (mark == std::string_view::npos) return {percent_encode(value), {}};
  const auto name = value.substr(0, mark);
  if (value[mark] == '@') return {{}, std::string(name), false};
  const auto content = percent_encode(value.substr(mark + 1));
  return {name.empty() ? content : fmt::format("{}={}", name, content), {}};
}

// "name=content", "name=@file;type=…", "name=<file".
SampleField form_field(std::string_view value, bool is_literal) {
  const auto equals = std::min(value.find('='), value.size());
  SampleField field{.name = std::string(value.substr(0, equals)), .value = {}};
  auto content = value.substr(std::min(equals + 1, value.size()));
  const char first = content.empty() ? '\0' : content.front();
  field.is_file = !is_literal && first == '@';
  field.is_known = is_literal || (first != '@' && first != '<');
  if (!field.is_known) return field;
  if (!is_literal) {
    for (const std::string_view attribute : {";type=", ";filename=", ";headers=", ";encoder="})
      content = content.substr(0, content.find(attribute));
    if (content.size() > 1 && content.starts_with('"') && content.ends_with('"'))
      content = content.substr(1, content.size() - 2);
  }
  field.value = content;
  return field;
}

/// What the options of a command line say.
class Command {
 public:
  explicit Command(Unsupported& unsupported) : unsupported_(unsupported) {}

  void apply(const CurlArgument& argument);
  Result<Sample> sample() &&;

 private:
  void add_header(std::string_view line);
  void set_header(std::string_view name, std::string value);
  const std::string* header(std::string_view name) const;
  void add_data(std::string_view value);
  void add_url(const std::string& url);
  void add_query(std::string_view text);
  void move_data_to_query();
  void write_body();
  SampleBody body_of_data() const;
  std::string method() const;

  Unsupported& unsupported_;
  Sample sample_;
  std::string url_;
  std::string method_;
  std::vector<Data> data_;
  std::vector<SampleField> form_;
  AuthScheme::Type login_ = AuthScheme::Type::basic;  // how a user is proved
  bool as_query_ = false;
  bool is_head_ = false;
  bool is_upload_ = false;
};

void Command::apply(const CurlArgument& argument) {
  const auto& value = argument.value;
  switch (argument.effect) {
    case CurlEffect::nothing:
      return;
    case CurlEffect::unsupported:
      return unsupported_.add(fmt::format("option {}", one_line(argument.option, 40)));
    case CurlEffect::url:
      return add_url(value);
    case CurlEffect::method:
      method_ = value;
      return;
    case CurlEffect::header:
      return add_header(value);
    case CurlEffect::data:
      return add_data(value);
    case CurlEffect::data_raw:
      data_.push_back({value, {}});
      return;
    case CurlEffect::data_urlencode:
      data_.push_back(urlencoded(value));
      return;
    case CurlEffect::json:
      add_data(value);
      for (const auto* name : {"Content-Type", "Accept"})
        if (!header(name)) set_header(name, "application/json");
      return;
    case CurlEffect::form:
    case CurlEffect::form_string:
      form_.push_back(form_field(value, argument.effect == CurlEffect::form_string));
      return;
    case CurlEffect::url_query:
      return add_query(urlencoded(value).text);
    case CurlEffect::as_query:
      as_query_ = true;
      return;
    case CurlEffect::head:
      is_head_ = true;
      return;
    case CurlEffect::user:
      sample_.auth = auth_of_type(AuthScheme::Type::basic);
      return;
    case CurlEffect::digest:
      login_ = AuthScheme::Type::digest;
      return;
    case CurlEffect::bearer:
      sample_.auth = auth_of_type(AuthScheme::Type::bearer);
      return;
    case CurlEffect::cookie:
      if (value.find('=') == std::string::npos) return unsupported_.add("cookies from a file");
      return set_header("Cookie", value);
    case CurlEffect::user_agent:
      return set_header("User-Agent", value);
    case CurlEffect::referer:
      return set_header("Referer", value);
    case CurlEffect::upload:
      is_upload_ = true;
      return;
  }
}

// "Name: value"; "Name:" takes one out that curl would send, "Name;" sends an empty one.
void Command::add_header(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) {
    if (line.starts_with('@')) return unsupported_.add("headers from a file");
    if (line.ends_with(';')) set_header(line.substr(0, line.size() - 1), "");
    return;
  }
  const auto value = trimmed(line.substr(colon + 1));
  if (!value.empty()) set_header(trimmed(line.substr(0, colon)), std::string(value));
}

void Command::set_header(std::string_view name, std::string value) {
  std::erase_if(sample_.headers,
                [&](const SampleField& each) { return equal_ignoring_case(each.name, name); });
  sample_.headers.push_back({.name = std::string(name), .value = std::move(value)});
}

const std::string* Command::header(std::string_view name) const {
  const auto found = std::ranges::find_if(sample_.headers, [&](const SampleField& each) {
    return equal_ignoring_case(each.name, name);
  });
  return found != sample_.headers.end() ? &found->value : nullptr;
}

void Command::add_data(std::string_view value) {
  if (value.starts_with('@')) {
    data_.push_back({{}, {}, false});
  } else {
    data_.push_back({std::string(value), {}});
  }
}

void Command::add_url(const std::string& url) {
  if (!url_.empty()) return unsupported_.add("more than one URL");
  url_ = url;
}

void Command::add_query(std::string_view text) {
  for (auto& [name, value] : form_fields(text))
    sample_.query.push_back({.name = std::move(name), .value = std::move(value)});
}

void Command::move_data_to_query() {
  for (const auto& data : data_) {
    if (data.is_known) {
      add_query(data.text);
    } else if (data.name.empty()) {
      unsupported_.add("query from a file");
    } else {
      sample_.query.push_back({.name = data.name, .value = {}, .is_known = false});
    }
  }
  data_.clear();
}

// As curl does: an explicit one, else by what there is to send.
std::string Command::method() const {
  if (!method_.empty()) return method_;
  if (is_head_) return "HEAD";
  if (is_upload_) return "PUT";
  return data_.empty() && form_.empty() ? "GET" : "POST";
}

SampleBody Command::body_of_data() const {
  const auto* given = header("Content-Type");
  const auto type = given != nullptr ? *given : std::string();
  SampleBody body{.kind = SampleBody::Kind::raw, .text = {}, .content_type = type};
  for (const auto& data : data_) {
    if (&data != &data_.front()) body.text += '&';
    body.text += data.text;
    body.is_known = body.is_known && data.is_known;
  }
  // -d sends JSON as a form unless it is told otherwise, which is often forgotten.
  const bool is_json = body.is_known && (type.empty() || type == kFormType) &&
                       trimmed(body.text).starts_with('{') && parse_json(body.text);
  const bool is_named = std::ranges::all_of(data_, [](const Data& each) {
    return each.is_known ? each.text.empty() || each.text.find('=') != std::string::npos
                         : !each.name.empty();
  });
  if (is_json || type.find("json") != std::string::npos) {
    body.kind = SampleBody::Kind::json;
    if (is_json || type == "application/json") body.content_type.clear();
  } else if ((type.empty() || type.starts_with(kFormType)) && is_named) {
    body.kind = SampleBody::Kind::form;
    for (const auto& data : data_) {
      if (!data.is_known)
        body.fields.push_back({.name = data.name, .value = {}, .is_known = false});
      for (auto& [name, value] : form_fields(data.text))
        body.fields.push_back({.name = std::move(name), .value = std::move(value)});
    }
  } else if (type.empty()) {
    body.content_type = kFormType;
  }
  return body;
}

void Command::write_body() {
  if (!form_.empty()) {
    sample_.body = {.kind = SampleBody::Kind::multipart, .fields = std::move(form_)};
  } else if (is_upload_) {
    const auto* type = header("Content-Type");
    sample_.body = {.kind = SampleBody::Kind::raw,
                    .is_known = false,
                    .content_type = type != nullptr ? *type : "application/octet-stream"};
  } else if (!data_.empty()) {
    sample_.body = body_of_data();
  }
}

Result<Sample> Command::sample() && {
  if (url_.empty()) return invalid("the command has no URL");
  const auto parts = UrlParts::of(url_);
  const bool is_http = parts.origin.starts_with("http://") || parts.origin.starts_with("https://");
  if (!is_http || parts.origin.ends_with('/'))
    return invalid(fmt::format("'{}' is no URL of HTTP", parts.origin));
  sample_.base_url = parts.origin;
  sample_.path = parts.path;
  if (!parts.user_info.empty()) sample_.auth = auth_of_type(AuthScheme::Type::basic);
  if (sample_.auth && sample_.auth->type == AuthScheme::Type::basic) sample_.auth->type = login_;
  const auto own = std::exchange(sample_.query, {});
  add_query(parts.query);
  sample_.query.insert(sample_.query.end(), own.begin(), own.end());
  if (as_query_) move_data_to_query();
  sample_.method = method();
  write_body();
  return std::move(sample_);
}

// Of a name that a built-in connector has, the file would take its place.
std::string name_for(const std::string& origin) {
  auto name = connector_name(host_name(origin));
  if (name.empty()) name = "api";
  if (built_in_connectors().find(name)) name += "-api";
  return name;
}

bool is_curl(std::string_view word) {
  return word == "curl" || word.ends_with("/curl") || word == "curl.exe";
}

}  // namespace

Result<ImportedConnector> import_curl(std::string_view text, const ImportOptions& options) {
  auto command = split_command(text);
  if (!command) return command.error();
  auto& words = command->words;
  if (!words.empty() && words.front() == "$") words.erase(words.begin());  // a prompt
  if (words.empty() || !is_curl(words.front()))
    return invalid("this is no command of curl", "it begins with the word curl");
  words.erase(words.begin());
  const auto arguments = read_curl_arguments(words);
  if (!arguments) return arguments.error();

  SampleGatherer gatherer;
  Command read(gatherer.unsupported());
  for (const auto& argument : *arguments) read.apply(argument);
  if (!command->rest.empty()) gatherer.unsupported().add("what follows the command");
  auto sample = std::move(read).sample();
  if (!sample) return sample.error();
  auto& connector = gatherer.connector();
  if (!options.base_url.empty()) sample->base_url = options.base_url;
  connector.base_url = sample->base_url;
  connector.name = options.name.empty() ? name_for(sample->base_url) : options.name;
  connector.title = connector.name;
  gatherer.add(*sample);
  if (gatherer.connector().endpoints.empty())
    return invalid(fmt::format("a connector has no method '{}'", one_line(sample->method, 40)));
  return std::move(gatherer).gathered();
}

}  // namespace tba::importing
