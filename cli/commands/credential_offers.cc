#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/json_fields.h"
#include "cli/listing.h"
#include "cli/time_text.h"

namespace tba::cli {

Action build_credential_offers(CLI::App& arguments) {
  arguments.footer(
      "Some APIs send the secret of a webhook to the webhook itself, once, when it is made known "
      "to\n"
      "them. As anybody can do that, it is only shown here, until a credential is there. Give it "
      "to\n"
      "the API's page that asks for it; once that has taken it, 'credential accept' makes it the\n"
      "credential's. Offers are kept for a day, and not over a restart of the daemon.");
  return [](Session& session) -> Outcome<ExitCode> {
    auto daemon = session.daemon();
    if (!daemon) return daemon.error();
    const auto offers = daemon->list("/credential-offers");
    if (!offers) return offers.error();
    print_list(
        session, *offers,
        {"OFFER", "CREDENTIAL", "CONNECTOR", "WORKFLOW", "OFFERED", "FROM", "SECRET"},
        [](const Json& offer) -> std::vector<Table::Cell> {
          return {text_of(offer, "id"),
                  text_of(offer, "credential"),
                  text_of(offer, "connector"),
                  text_of(offer, "workflow"),
                  local_time(text_of(offer, "at")),
                  text_of(offer, "from"),
                  text_of(offer, "secret")};
        },
        "no secrets are offered");
    return ExitCode::done;
  };
}

}  // namespace tba::cli
