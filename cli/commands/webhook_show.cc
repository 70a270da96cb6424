#include <memory>
#include <ostream>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/output.h"
#include "cli/time_text.h"
#include "shared/uri.h"

namespace tba::cli {
namespace {

// Headers come as an object, or as pairs where a name may come twice.
void print_headers(Console& console, const Json& headers) {
  Fields fields;
  if (headers.is_object()) {
    for (const auto& [name, value] : headers.items()) fields.add(name, joined(value, ", "));
  } else {
    for (const Json& header : headers) {
      if (header.is_array() && header.size() == 2) {
        fields.add(joined(header[0], ""), joined(header[1], ", "));
      }
    }
  }
  fields.print(console.out, console.colour_out);
}

void print_delivery(Console& console, const Json& delivery) {
  Fields fields;
  fields.add("delivery", text_of(delivery, "id"));
  fields.add("received", local_time(text_of(delivery, "received_at")));
  fields.add("method", text_of(delivery, "method"));
  fields.add("path", "/hooks/" + text_of(delivery, "path"));
  fields.add("event", text_of(delivery, "event"));
  fields.add("connector", text_of(delivery, "connector"));
  fields.add("sender's id", text_of(delivery, "sender_id"));
  fields.add("workflow", text_of(delivery, "workflow"));
  fields.add("status", text_of(delivery, "status"));
  fields.add("why unmatched", text_of(delivery, "reason"));
  fields.add("runs", joined(member_of(delivery, "runs"), " "));
  fields.print(console.out, console.colour_out);
  console.out << '\n';
  print_headers(console, member_of(delivery, "headers"));
  console.out << '\n';
  const Json& body = member_of(delivery, "body");
  if (body.is_object() || body.is_array()) {
    print_json(console.out, body);
  } else {
    console.out << text_of(delivery, body.is_null() ? "body_text" : "body") << '\n';
  }
}

Outcome<ExitCode> show(Session& session, const std::string& id) {
  auto daemon = session.daemon();
  if (!daemon) return daemon.error();
  const auto delivery = daemon->get("/deliveries/" + percent_encode(id));
  if (!delivery) return delivery.error();
  if (session.json()) {
    print_json(session.console().out, *delivery);
  } else {
    print_delivery(session.console(), *delivery);
  }
  return ExitCode::done;
}

}  // namespace

Action build_webhook_show(CLI::App& arguments) {
  const auto id = std::make_shared<std::string>();
  arguments.add_option("delivery", *id, "The delivery's id")->required()->type_name("");
  return [id](Session& session) { return show(session, *id); };
}

}  // namespace tba::cli
