#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/answer_rules.h"
#include "shared/diagnostic.h"
#include "shared/expression/program.h"
#include "shared/key_table.h"
#include "shared/parameter.h"
#include "shared/yaml_reader.h"

namespace tba {

/// How an API gives a list in parts, its pages, and how the next one is asked for. The programs are
/// as those of AnswerRules, and over the same answers but for `key`.
struct Pagination {
  enum class Style {
    link_header,  ///< By the URL of the header Link with rel=next (RFC 8288).
    next_url,     ///< By the URL that `next` gives.
    cursor,       ///< By what `next` gives, in a parameter.
    keyset,       ///< By the `key` of the last item, in a parameter.
    page,         ///< By the number of the page, in a parameter.
    offset,       ///< By how many items came before, in a parameter.
  };
  Style style = Style::link_header;
  std::optional<expression::Program> items;  ///< An array; none: what the step has for its body.
  std::optional<expression::Program> next;   ///< Of next_url and cursor; null, "" and false end.
  std::optional<expression::Program> key;    ///< Of keyset, over the last item.
  std::optional<expression::Program> more;   ///< Whether there is another page; none: as it looks.
  std::string parameter;                     ///< As find_page_parameter() has it; or empty.
  std::int64_t first = 0;                    ///< What page and offset begin with.
  std::string size_parameter;                ///< Likewise, says how many items a page has.
  std::int64_t size = 0;                     ///< The largest that it takes.

  /// Whether the next page is where a URL leads, rather than what a parameter says.
  bool is_by_url() const { return style == Style::link_header || style == Style::next_url; }
};

/// The style as written in files: "link_header", …
std::string_view name_of(Pagination::Style style);

/// The keys of `pagination`.
extern const KeyTable kPaginationTable;

/// What a mapping says about pages: null where it says that there are none, or nothing that can be
/// understood, which has been added to the diagnostics.
std::shared_ptr<const Pagination> read_pagination(const yaml::Node& node, Diagnostics& diagnostics);

/// What tells of pages in a call.
struct PageParameter {
  const Parameter* parameter = nullptr;
  std::vector<std::string>
      inside;  ///< From member to member of its value; empty: the value itself.
};

/// What a pagination calls `name`: the parameter of that name or, of "variables.after", the member
/// `after` of the parameter `variables`. Nothing where there is none.
std::optional<PageParameter> find_page_parameter(std::string_view name,
                                                 std::span<const Parameter> parameters);

/// Whether an endpoint with these parameters can be asked for pages so: it has the parameter that
/// tells which one.
bool has_page_parameter(const Pagination& pagination, std::span<const Parameter> parameters);

/// Adds what keeps an endpoint with these parameters from being asked so, as it says at `node`.
void check_page_parameters(const Pagination& pagination, std::span<const Parameter> parameters,
                           const yaml::Node& node, Diagnostics& diagnostics);

}  // namespace tba
