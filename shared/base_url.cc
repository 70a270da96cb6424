#include "shared/base_url.h"

#include <algorithm>

#include <fmt/format.h>

namespace tba {

constinit const BaseUrlForm kHttpBaseUrl{
    .schemes = {"https://", "http://"},
    .description = "https://host, perhaps with a port and a path; nothing else",
    .example = "https://api.example.com/v3"};

constinit const BaseUrlForm kSmtpBaseUrl{
    .schemes = {"smtps://", "smtp://"},
    .may_have_path = false,
    .description = "smtps://host or smtp://host, perhaps with a port; nothing else",
    .example = "smtps://mail.example.com or smtp://mail.example.com:587"};

std::string_view scheme_of(std::string_view url, const BaseUrlForm& form) {
  const auto found = std::ranges::find_if(
      form.schemes, [&](std::string_view scheme) { return url.starts_with(scheme); });
  return found == form.schemes.end() ? std::string_view() : *found;
}

std::string read_base_url(const Fields& fields, std::string_view key, const BaseUrlForm& form) {
  auto url = fields.text(key);
  const auto* node = fields.find(key);
  if (node == nullptr) return url;
  const auto scheme = scheme_of(url, form);
  while (url.size() > scheme.size() && url.ends_with('/')) url.pop_back();
  const auto rest = std::string_view(url).substr(scheme.size());
  const bool has_path = rest.find('/') != std::string_view::npos;
  if (scheme.empty() || rest.empty() || (has_path && !form.may_have_path) ||
      url.find_first_of(" ?#@{}") != std::string::npos) {
    node->error(fields.diagnostics(), fmt::format("'{}' is not a base URL", node->text),
                std::string(form.description));
  }
  return url;
}

}  // namespace tba
