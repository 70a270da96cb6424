#include "shared/pages_reader.h"

#include <array>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>

#include "shared/connector_catalog.h"
#include "shared/suggestion.h"
#include "shared/workflow_keys.h"

namespace tba {
namespace {

using namespace std::string_view_literals;

constexpr std::array kPaginateKeys{
    Key{.name = "pages",
        .type = KeyType::integer,
        .description = "how many pages are asked for at most",
        .minimum = 1,
        .maximum = kMostPages},
    Key{.name = "items",
        .type = KeyType::integer,
        .description = "how many items are taken at most",
        .minimum = 1,
        .maximum = kMostPagedItems},
};

}  // namespace

constinit const KeyTable kPaginateTable{"paginate", "`paginate`", kPaginateKeys};

PageCaps read_page_caps(const yaml::Node& paginate, Diagnostics& diagnostics) {
  if (paginate.kind != yaml::Node::Kind::mapping) return {};
  const Fields fields(paginate, kPaginateTable, diagnostics);
  PageCaps caps;
  if (fields.find("pages") != nullptr) caps.pages = fields.integer("pages", 0);
  if (fields.find("items") != nullptr) caps.items = fields.integer("items", 0);
  return caps;
}

void check_has_pages(std::string_view connector, std::string_view endpoint, const yaml::Node& place,
                     WorkflowReading& reading) {
  if (reading.catalog() == nullptr) return;
  const auto known = reading.catalog()->find(connector);
  const auto* target = known ? known->endpoint(endpoint) : nullptr;
  if (target == nullptr || target->pagination) return;
  std::vector<std::string> others;
  for (const auto& each : known->endpoints) {
    if (each.pagination) others.push_back(each.id);
  }
  const bool has_few = !others.empty() && others.size() <= kMostNames;
  place.error(reading.diagnostics(), fmt::format("{}/{} has no pages", connector, endpoint),
              has_few ? fmt::format("these of {} have: {}", connector, listed(others))
                      : "`pagination` of the connector or the endpoint describes them");
}

Pages make_pages(Step call, PageCaps caps, const yaml::Node& place, WorkflowReading& reading) {
  if (const auto* target = std::get_if<CallStep>(&call.action))
    check_has_pages(target->connector, target->endpoint, place, reading);
  Pages pages;
  pages.caps = caps;
  pages.call.push_back(std::move(call));
  return pages;
}

}  // namespace tba
