#include "cli/listing.h"

#include <algorithm>
#include <optional>
#include <ostream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/json_fields.h"

namespace tba::cli {
namespace {

/// A terminal that says it is narrower is not believed, or past helping.
constexpr int kNarrowest = 40;

}  // namespace

void add_page_options(CLI::App& arguments, Page& page) {
  arguments.add_option("--limit", page.limit, "At most so many")
      ->check(CLI::Range(1, 200).description(""))
      ->type_name("NUMBER")
      ->capture_default_str();
  arguments.add_option("--cursor", page.cursor, "Go on where the page before ended")
      ->type_name("CURSOR");
}

DaemonClient::Query query_of(const Page& page) {
  DaemonClient::Query query{{"limit", std::to_string(page.limit)}};
  if (!page.cursor.empty()) query.emplace_back("cursor", page.cursor);
  return query;
}

std::optional<std::size_t> columns_of(const Console& console) {
  if (!console.out_is_terminal) return std::nullopt;
  return static_cast<std::size_t>(std::max(console.terminal_size().columns, kNarrowest));
}

void print_list(Session& session, const Json& list, std::vector<std::string> headings,
                const std::function<std::vector<Table::Cell>(const Json&)>& row_of,
                std::string_view when_empty) {
  Console& console = session.console();
  if (session.json()) {
    print_json(console.out, list);
    return;
  }
  Table table(std::move(headings));
  for (const auto& item : list.at("items")) table.add(row_of(item));
  if (table.empty()) {
    console.out << when_empty << '\n';
  } else {
    table.print(console.out, console.colour_out, columns_of(console));
  }
  const std::string next = text_of(list, "next");
  if (!next.empty()) console.err << fmt::format("there are more: --cursor {}\n", next);
}

}  // namespace tba::cli
