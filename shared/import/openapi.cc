#include "shared/import/openapi.h"

#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fnmatch.h>

#include "shared/import/bodies.h"
#include "shared/import/description.h"
#include "shared/import/names.h"
#include "shared/import/parameters.h"
#include "shared/import/prose.h"
#include "shared/import/security.h"
#include "shared/import/servers.h"

namespace tba::importing {
namespace {

constexpr std::size_t kLongestTitle = 100;
constexpr std::size_t kLongestDescription = 200;

// The members of a path that are operations, and their methods.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kMethods{{
    {"get", "GET"},
    {"head", "HEAD"},
    {"post", "POST"},
    {"put", "PUT"},
    {"patch", "PATCH"},
    {"delete", "DELETE"},
    {"options", "OPTIONS"},
}};

// As connector files take paths: beginning with one '/', and what no URL holds percent-encoded;
// within a placeholder also what would end the path.
std::string path_of(std::string_view written) {
  std::string path = written.starts_with('/') ? "" : "/";
  bool is_placeholder = false;
  for (const char c : written) {
    if (c == '{') is_placeholder = true;
    if (c == '}') is_placeholder = false;
    const auto code = static_cast<unsigned char>(c);
    const bool ends_path = c == '?' || c == '#';
    if (is_placeholder ? ends_path : code <= 0x20 || code >= 0x7f) {
      path += fmt::format("%{:02X}", code);
    } else {
      path += c;
    }
  }
  return path;
}

// Whether each '{' has its '}' before the next one.
bool is_balanced(std::string_view path) {
  for (auto at = path.find('{'); at != std::string_view::npos; at = path.find('{', at)) {
    at = path.find_first_of("{}", at + 1);
    if (at == std::string_view::npos || path[at] == '{') return false;
  }
  return true;
}

class Importer {
 public:
  Importer(Description description, const ImportOptions& options)
      : description_(std::move(description)), options_(options), scopes_(description_.root()) {}

  Result<ImportedConnector> read() && {
    if (member(description_.root(), "paths").members().empty())
      return Error{ErrorCode::invalid, "the description has no paths", ""};
    read_base_url();
    read_name();
    for (const auto& [path, written] : member(description_.root(), "paths").members())
      read_path(path, description_.resolve(written));
    if (connector_.endpoints.empty()) return no_endpoints();
    connector_.auth = auth_schemes_of(description_, scopes_);
    return ImportedConnector{std::move(connector_), description_.unsupported().counts()};
  }

 private:
  void read_base_url() {
    auto url = options_.base_url.empty() ? base_url_of(description_, options_.source)
                                         : std::optional(options_.base_url);
    if (!url) {
      description_.unsupported().add(
          fmt::format("base URL that is not known (written as {})", kUnknownBaseUrl));
    }
    connector_.base_url = url.value_or(std::string(kUnknownBaseUrl));
  }

  void read_name() {
    const auto title = text_member(member(description_.root(), "info"), "title");
    connector_.name = options_.name.empty() ? connector_name(title) : options_.name;
    if (connector_.name.empty()) connector_.name = connector_name(host());
    if (connector_.name.empty()) connector_.name = "api";
    connector_.title = one_line(title, kLongestTitle);
    if (connector_.title.empty()) connector_.title = connector_.name;
  }

  std::string host() const {
    const auto& url = connector_.base_url;
    const auto begin = url.find("://") + 3;
    return url.substr(begin, url.find_first_of("/:", begin) - begin);
  }

  void read_path(std::string_view path, const Value& item) {
    if (path.starts_with("x-")) return;
    for (const auto& [key, method] : kMethods) {
      const auto& operation = member(item, key);
      if (operation.is_object()) read_operation(path, item, method, operation);
    }
    if (item.find("trace") != nullptr) description_.unsupported().add("method TRACE");
  }

  void read_operation(std::string_view path, const Value& item, std::string_view method,
                      const Value& operation) {
    const auto id = ids_.take(id_of(path, method, operation), "-");
    has_operations_ = true;
    if (!options_.only.empty() && fnmatch(options_.only.c_str(), id.c_str(), 0) != 0) return;
    if (!is_balanced(path)) {
      description_.unsupported().add("path with a placeholder that is not closed");
      return;
    }
    EndpointDraft draft;
    auto& endpoint = draft.endpoint;
    endpoint.id = id;
    endpoint.method = method;
    endpoint.path = path_of(path);
    read_text(operation, endpoint);
    read_servers(item, operation, endpoint);
    const auto listed = listed_parameters(description_, item, operation);
    add_parameters(description_, listed, draft);
    add_body(description_, operation, listed, draft);
    endpoint.response = response_of(description_, operation);
    scopes_.add(operation);
    connector_.endpoints.push_back(std::move(endpoint));
  }

  static std::string id_of(std::string_view path, std::string_view method, const Value& operation) {
    auto id = kebab_case(text_member(operation, "operationId"));
    return id.empty() ? kebab_case(fmt::format("{} {}", method, path)) : id;
  }

  static void read_text(const Value& operation, Endpoint& endpoint) {
    const auto summary = text_member(operation, "summary");
    const auto text = text_member(operation, "description");
    endpoint.title = one_line(summary.empty() ? text : summary, kLongestTitle);
    if (!summary.empty() && text != summary)
      endpoint.description = one_line(text, kLongestDescription);
    if (endpoint.description == endpoint.title) endpoint.description.clear();
    if (is_true(operation, "deprecated"))
      endpoint.description = "Deprecated. " + endpoint.description;
    if (endpoint.description.ends_with(' ')) endpoint.description.pop_back();
  }

  // An operation, or else its path, may have servers of its own.
  void read_servers(const Value& item, const Value& operation, Endpoint& endpoint) {
    if (!options_.base_url.empty()) return;
    auto url = base_url_of_servers(description_, operation, options_.source);
    if (!url) url = base_url_of_servers(description_, item, options_.source);
    if (url && *url != connector_.base_url) endpoint.base_url = *url;
  }

  Error no_endpoints() const {
    if (!has_operations_ || options_.only.empty()) {
      return {ErrorCode::invalid, "the paths of the description have no operations",
              "it may be of events only, or refer to other files"};
    }
    return {ErrorCode::not_found, fmt::format("no endpoint has an id like '{}'", options_.only),
            "import all with '--to -' to see their ids"};
  }

  Description description_;
  const ImportOptions& options_;
  ScopeNeeds scopes_;
  Connector connector_;
  UniqueNames ids_;
  bool has_operations_ = false;
};

}  // namespace

Result<ImportedConnector> import_openapi(std::string_view text, const ImportOptions& options) {
  auto description = read_description(text);
  if (!description) return description.error();
  return Importer(std::move(*description), options).read();
}

}  // namespace tba::importing
