#include <memory>
#include <ostream>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/listing.h"

namespace tba::cli {
namespace {

/// What `text` says of each item, with commas between them.
template <class Text>
std::string listed(const Json& items, const Text& text) {
  std::string list;
  if (!items.is_array()) return list;
  for (const Json& item : items) list += (list.empty() ? "" : ", ") + text(item);
  return list;
}

/// The names of so many as a column has room for.
std::string few_of(const Json& schemes) {
  constexpr std::size_t kMost = 4;
  std::string names;
  for (std::size_t i = 0; i < schemes.size(); ++i) {
    if (i > 0) names += ", ";
    if (i == kMost) return names + "…";
    names += text_of(schemes[i], "name");
  }
  return names;
}

std::string name_and_type(const Json& scheme) {
  return fmt::format("{} ({})", text_of(scheme, "name"), text_of(scheme, "type"));
}

std::string limit_text(const Json& limit) {
  const auto requests = text_of(limit, "requests");
  const auto count = requests.empty() ? std::string("as answers tell")
                                      : fmt::format("{} in {}", requests, text_of(limit, "per"));
  return fmt::format("{} ({})", text_of(limit, "name"), count);
}

/// How deliveries are verified: "token (webhook), hmac_sha256 (webhook-signing)"; or that there are
/// none.
std::string webhook_text(const Json& connector) {
  const auto schemes = listed(member_of(connector, "verifications"), [](const Json& verification) {
    const auto auth = text_of(verification, "auth");
    return text_of(verification, "scheme") + (auth.empty() ? "" : fmt::format(" ({})", auth));
  });
  return schemes.empty() ? "no" : schemes;
}

/// "Idempotency-Key, known for 24h"
std::string idempotency_text(const Json& idempotency) {
  const auto lifetime = text_of(idempotency, "lifetime");
  return text_of(idempotency, "header") + (lifetime.empty() ? "" : ", known for " + lifetime);
}

/// Its endpoints by what happens to a call of which nobody knows whether it acted.
void add_endpoints(Fields& fields, const Json& connector) {
  fields.add("endpoints", text_of(connector, "endpoints"));
  const Json& effects = member_of(connector, "effects");
  for (const auto* effect : {"repeat", "keyed", "once"})
    fields.add(effect, joined(member_of(effects, effect), ", "));
  fields.add("keys", idempotency_text(member_of(connector, "idempotency")));
}

std::string yes_or_no(const Json& flag) {
  return flag == true ? "yes" : "no";
}

/// Where its calls go.
std::string place_of(const Json& connector) {
  const Json& plugin = member_of(connector, "plugin");
  if (!plugin.is_object()) {
    const auto base_url = text_of(connector, "base_url");
    return base_url.empty() ? "where its credentials say" : base_url;
  }
  return fmt::format("plugin {} ({})", text_of(plugin, "version"), text_of(plugin, "state"));
}

/// One paragraph for each connector.
void print_long(Console& console, const Json& connectors) {
  bool is_first = true;
  for (const Json& connector : connectors) {
    if (!std::exchange(is_first, false)) console.out << '\n';
    Fields fields;
    fields.add("name", text_of(connector, "name"), Style::good);
    fields.add("title", text_of(connector, "title"));
    fields.add("calls go to", place_of(connector));
    fields.add("auth", listed(member_of(connector, "auth"), name_and_type));
    add_endpoints(fields, connector);
    fields.add("webhooks", webhook_text(connector));
    fields.add("limits", listed(member_of(connector, "rate_limits"), limit_text));
    fields.add("pages", joined(member_of(connector, "pagination"), ", "));
    fields.add("test", text_of(connector, "test"));
    fields.print(console.out, console.colour_out, columns_of(console));
  }
}

void print_short(Session& session, const Json& list) {
  print_list(
      session, list, {"NAME", "TITLE", "ENDPOINTS", "WEBHOOKS", "AUTH", "CALLS GO TO"},
      [](const Json& connector) -> std::vector<Table::Cell> {
        return {text_of(connector, "name"),           text_of(connector, "title"),
                text_of(connector, "endpoints"),      yes_or_no(member_of(connector, "webhook")),
                few_of(member_of(connector, "auth")), place_of(connector)};
      },
      "no connectors");
}

}  // namespace

Action build_connector_list(CLI::App& arguments) {
  auto is_long = std::make_shared<bool>(false);
  arguments.add_flag("--long", *is_long, "All that is known of each, in a paragraph of its own");
  return [is_long](Session& session) -> Outcome<ExitCode> {
    auto daemon = session.daemon();
    if (!daemon) return daemon.error();
    const auto connectors = daemon->list("/connectors");
    if (!connectors) return connectors.error();
    const bool in_paragraphs = *is_long && !session.json() && !connectors->at("items").empty();
    if (in_paragraphs) {
      print_long(session.console(), connectors->at("items"));
    } else {
      print_short(session, *connectors);
    }
    return ExitCode::done;
  };
}

}  // namespace tba::cli
