#include "shared/import/servers.h"

#include <algorithm>

#include <fmt/format.h>

namespace tba::importing {
namespace {

// "https://host:port" of a URL, without what follows; empty where it is no URL of HTTP.
std::string_view origin_of(std::string_view url) {
  if (!url.starts_with("https://") && !url.starts_with("http://")) return {};
  return url.substr(0, url.find_first_of("/?#", url.find("://") + 3));
}

// The URL that a server's stands for in a file that is at `from`.
std::string absolute(std::string_view url, std::string_view from) {
  if (url.starts_with("//")) return fmt::format("https:{}", url);
  if (url.find("://") != std::string_view::npos) return std::string(url);
  const auto origin = origin_of(from);
  if (origin.empty()) return {};
  if (url.starts_with('/')) return fmt::format("{}{}", origin, url);
  auto folder = from.substr(0, from.find_first_of("?#"));
  folder = folder.substr(0, std::max(folder.rfind('/'), origin.size()));
  while (url.starts_with("./") || url.starts_with("../")) {
    if (url.starts_with(".."))
      folder = folder.substr(0, std::max(folder.rfind('/'), origin.size()));
    url.remove_prefix(url.find('/') + 1);
  }
  return url == "." || url.empty() ? std::string(folder) : fmt::format("{}/{}", folder, url);
}

// As connector files take base URLs (read_base_url() in shared/base_url.h); nothing where that is
// not possible.
std::optional<std::string> cleaned(Description& description, std::string url) {
  if (const auto query = url.find_first_of("?#"); query != std::string::npos) {
    description.unsupported().add("query or fragment in the URL of a server");
    url.resize(query);
  }
  while (url.ends_with('/')) url.pop_back();
  const auto origin = origin_of(url);
  const bool has_host = origin.size() > origin.find("://") + 3;
  if (origin.empty() || !has_host || url.find_first_of(" @{}\t\r\n") != std::string::npos) {
    description.unsupported().add("server without a URL that can be used");
    return std::nullopt;
  }
  return url;
}

// The URL with each {variable} replaced by its default or the first of its values.
std::string with_variables(Description& description, const Value& server) {
  std::string url(text_member(server, "url"));
  for (const auto& [name, written] : member(server, "variables").members()) {
    const auto& variable = description.resolve(written);
    const auto choices = member(variable, "enum").items();
    std::string value(text_member(variable, "default"));
    if (value.empty() && !choices.empty() && choices.front().is_string())
      value = choices.front().as_string();
    const auto placeholder = fmt::format("{{{}}}", name);
    for (auto at = url.find(placeholder); at != std::string::npos;
         at = url.find(placeholder, at + value.size())) {
      url.replace(at, placeholder.size(), value);
    }
  }
  return url;
}

std::optional<std::string> base_url_of_swagger(Description& description, std::string_view from) {
  const auto& root = description.root();
  const auto origin = origin_of(from);
  auto scheme = origin.substr(0, origin.find(':'));
  const auto schemes = member(root, "schemes").items();
  const auto has = [&](std::string_view wanted) {
    return std::ranges::any_of(
        schemes, [&](const Value& each) { return each.is_string() && each.as_string() == wanted; });
  };
  if (has("https") || (scheme.empty() && !has("http"))) {
    scheme = "https";
  } else if (has("http")) {
    scheme = "http";
  }
  auto host = text_member(root, "host");
  if (host.empty() && !origin.empty()) host = origin.substr(origin.find("://") + 3);
  auto path = text_member(root, "basePath");
  return cleaned(description, fmt::format("{}://{}{}{}", scheme, host,
                                          path.empty() || path.starts_with('/') ? "" : "/", path));
}

}  // namespace

std::optional<std::string> base_url_of_servers(Description& description, const Value& part,
                                               std::string_view from) {
  const auto servers = member(part, "servers").items();
  if (servers.empty()) return std::nullopt;
  const auto& server = description.resolve(servers.front());
  return cleaned(description, absolute(with_variables(description, server), from));
}

std::optional<std::string> base_url_of(Description& description, std::string_view from) {
  if (description.is_swagger()) return base_url_of_swagger(description, from);
  if (!member(description.root(), "servers").items().empty())
    return base_url_of_servers(description, description.root(), from);
  // Without servers it is "/" (OpenAPI 3.1, section 4.8.1).
  return cleaned(description, absolute("/", from));
}

}  // namespace tba::importing
