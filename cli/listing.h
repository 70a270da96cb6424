#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/daemon_client.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/session.h"

namespace CLI {
class App;
}

namespace tba::cli {

/// How much of a long list is wanted.
struct Page {
  int limit = 50;
  std::string cursor;  ///< Where the page before ended; empty: from the beginning.
};

/// Declares --limit and --cursor. `page` must outlive the parsing.
void add_page_options(CLI::App& arguments, Page& page);

/// The page as parameters of the API.
DaemonClient::Query query_of(const Page& page);

/// How long a line may be: as wide as the terminal that standard output is, if it is one.
std::optional<std::size_t> columns_of(const Console& console);

/// Prints an API list: with --output json as it is, else one row for each item, or `when_empty`
/// where there are none. On a terminal rows are cut to its width. Says on stderr how to get the
/// next page, if there is one.
void print_list(Session& session, const Json& list, std::vector<std::string> headings,
                const std::function<std::vector<Table::Cell>(const Json&)>& row_of,
                std::string_view when_empty);

}  // namespace tba::cli
