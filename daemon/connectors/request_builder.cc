#include "daemon/connectors/request_builder.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "daemon/connectors/authentication.h"
#include "daemon/connectors/parameter_text.h"
#include "daemon/connectors/parameter_values.h"
#include "daemon/connectors/request_body.h"
#include "daemon/net/origin.h"
#include "shared/uri.h"

namespace tba::connectors {
namespace {

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/// RFC 6265 section 4.1.1: cookie-octet.
bool is_cookie_octet(char c) {
  return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
}

/// A request in the making.
class Draft {
 public:
  Draft(const Connector& connector, const Endpoint& endpoint)
      : connector_(connector),
        endpoint_(endpoint),
        base_url_(endpoint.base_url.empty() ? connector.base_url : endpoint.base_url) {
    request_.method = endpoint.method;
    request_.headers = connector.headers;
    for (const auto& [name, value] : endpoint.headers) set_header(name, value);
  }

  Result<> put_parameters(const Value& given);
  Result<> use(const vault::Credential& credential);
  void set_header(std::string_view name, std::string value) {
    connectors::set_header(request_, name, std::move(value));
  }
  /// What is in the query is in the URL already.
  void go_to_page(const std::string& url) {
    page_url_ = url;
    query_.clear();
  }
  Result<net::HttpRequest> finish() &&;

 private:
  Result<> put(const Parameter& parameter, const Value& value);
  Result<> put_text(const Parameter& parameter, std::string text);
  Result<> put_in_path(const Parameter& parameter, std::string_view value);
  Result<std::string> expanded(std::string_view text) const;
  Result<std::string> page_url(const std::string& url) const;
  Result<> write_body();
  bool has_header(std::string_view name) const;
  Error error(std::string_view message, std::string hint = {}) const {
    return call_error(connector_, endpoint_, message, std::move(hint));
  }
  Error parameter_error(std::string_view name, std::string_view problem,
                        std::string hint = {}) const {
    return connectors::parameter_error(connector_, endpoint_, name, problem, std::move(hint));
  }

  const Connector& connector_;
  const Endpoint& endpoint_;
  std::string base_url_;
  net::HttpRequest request_;
  std::map<std::string, std::string, std::less<>> path_;  // encoded, by placeholder
  TextFields query_;
  std::string page_url_;  // or empty
  std::string cookies_;
  BodyParts body_;
};

Result<> Draft::put_parameters(const Value& given) {
  const auto values = parameter_values(connector_, endpoint_, given);
  if (!values) return values.error();
  for (const auto& [parameter, value] : *values) {
    if (auto done = put(*parameter, *value); !done) return done;
  }
  return {};
}

Result<> Draft::put(const Parameter& parameter, const Value& value) {
  switch (parameter.place) {
    case ParameterPlace::body:
      body_.fields.emplace_back(&parameter, value);
      return {};
    case ParameterPlace::whole_body:
      body_.whole = value;
      return {};
    case ParameterPlace::query: {
      auto added = add_fields(query_, parameter.sent_as, value, parameter.style);
      if (added) return {};
      return parameter_error(parameter.name, added.error().message, added.error().hint);
    }
    case ParameterPlace::path:
    case ParameterPlace::header:
    case ParameterPlace::cookie:
      break;
  }
  auto text = text_of(value, parameter.style);
  if (!text) return parameter_error(parameter.name, text.error().message, text.error().hint);
  return put_text(parameter, std::move(*text));
}

Result<> Draft::put_text(const Parameter& parameter, std::string text) {
  if (parameter.place == ParameterPlace::path) return put_in_path(parameter, text);
  if (parameter.place == ParameterPlace::header) {
    if (std::ranges::any_of(text, is_control)) {
      return parameter_error(
          parameter.name, "holds a line break or another control character, which no header can");
    }
    set_header(parameter.sent_as, std::move(text));
    return {};
  }
  if (!std::ranges::all_of(text, is_cookie_octet))
    return parameter_error(parameter.name, "holds a character that no cookie can");
  cookies_ += fmt::format("{}{}={}", cookies_.empty() ? "" : "; ", parameter.sent_as, text);
  return {};
}

Result<> Draft::put_in_path(const Parameter& parameter, std::string_view value) {
  // RFC 3986 section 5.2.4: dot segments, encoded or not, lead to another path.
  if (value.empty() || value == "." || value == "..") {
    return parameter_error(parameter.name, value.empty()
                                               ? "is empty, which would change the path"
                                               : "is '.' or '..', which would change the path");
  }
  path_.insert_or_assign(parameter.sent_as, percent_encode(value));
  return {};
}

/// Takes what the credential has for the URL.
Result<> Draft::use(const vault::Credential& credential) {
  if (auto fits = check_for_calls(credential, connector_); !fits)
    return error(fits.error().message, fits.error().hint);
  if (!credential.base_url.empty()) base_url_ = credential.base_url;
  const auto& scheme = *connector_.scheme(credential.scheme);
  if (scheme.type != AuthScheme::Type::api_key || scheme.place != AuthScheme::Place::path)
    return {};
  if ((base_url_ + endpoint_.path).find(fmt::format("{{{}}}", scheme.parameter)) ==
      std::string::npos) {
    return error(
        fmt::format("credential '{}' goes where the URL has {{{}}}, which this "
                    "endpoint's has not",
                    credential.name, scheme.parameter));
  }
  auto key = fmt::format("{}{}", scheme.prefix, credential.field("key"));
  path_.insert_or_assign(scheme.parameter, percent_encode(key));
  vault::wipe(key);
  return {};
}

/// `text` with each {placeholder} replaced by its value.
Result<std::string> Draft::expanded(std::string_view text) const {
  std::string result;
  while (true) {
    const auto open = text.find('{');
    const auto close = text.find('}', open);
    if (open == std::string_view::npos || close == std::string_view::npos) {
      result += text;
      return result;
    }
    const auto name = text.substr(open + 1, close - open - 1);
    const auto value = path_.find(name);
    if (value == path_.end()) {
      return error(fmt::format("nothing is given for {{{}}} in its URL", name),
                   "it takes a parameter of this name, or a credential");
    }
    result.append(text.substr(0, open)).append(value->second);
    text.remove_prefix(close + 1);
  }
}

bool Draft::has_header(std::string_view name) const {
  return std::ranges::any_of(request_.headers, [&](const auto& header) {
    return equal_ignoring_case(header.first, name);
  });
}

/// An endpoint whose body is one parameter that is not given sends none.
Result<> Draft::write_body() {
  const bool is_whole = std::ranges::find(endpoint_.parameters, ParameterPlace::whole_body,
                                          &Parameter::place) != endpoint_.parameters.end();
  if (!endpoint_.has_body() || (is_whole && !body_.whole)) return {};
  auto body = body_of(endpoint_.body, body_);
  if (!body) return error(body.error().message, body.error().hint);
  request_.body = std::move(body->bytes);
  const bool is_given = has_header("Content-Type") && endpoint_.body != BodyFormat::multipart;
  if (is_given) return {};
  if (!endpoint_.content_type.empty()) body->content_type = endpoint_.content_type;
  set_header("Content-Type", std::move(body->content_type));
  return {};
}

/// The page's URL, if that leads to where the endpoint is: `url`.
Result<std::string> Draft::page_url(const std::string& url) const {
  if (net::origin_of(page_url_) != net::origin_of(url)) {
    return error("the next page is said to be at another origin, where nothing is sent",
                 "a list is followed on the scheme, host and port of the base URL only");
  }
  return page_url_;
}

Result<net::HttpRequest> Draft::finish() && {
  if (base_url_.empty()) {
    return error("nothing says where it is: its connector has no base URL",
                 "call it with a credential, which has one");
  }
  const auto base = std::string_view(base_url_).substr(0, base_url_.find_last_not_of('/') + 1);
  auto url = expanded(std::string(base) + endpoint_.path);
  if (url && !page_url_.empty()) url = page_url(*url);
  if (!url) return url.error();
  request_.url = with_query(*url, query_);
  if (!cookies_.empty()) set_header("Cookie", std::move(cookies_));
  if (auto written = write_body(); !written) return written.error();
  return std::move(request_);
}

}  // namespace

Result<net::HttpRequest> build_request(const Connector& connector, const Endpoint& endpoint,
                                       const Value& parameters, const vault::Credential* credential,
                                       std::string_view idempotency_key,
                                       const std::string& page_url) {
  Draft draft(connector, endpoint);
  if (auto done = draft.put_parameters(parameters); !done) return done.error();
  if (!page_url.empty()) draft.go_to_page(page_url);
  if (!idempotency_key.empty() && !connector.idempotency.header.empty()) {
    draft.set_header(connector.idempotency.header, std::string(idempotency_key));
  }
  if (credential) {
    if (auto done = draft.use(*credential); !done) return done.error();
  }
  return std::move(draft).finish();
}

}  // namespace tba::connectors
