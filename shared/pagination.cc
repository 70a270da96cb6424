#include "shared/pagination.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "shared/name_table.h"
#include "shared/suggestion.h"

namespace tba {
namespace {

using namespace std::string_view_literals;
using Style = Pagination::Style;

constexpr NameTable<Style, 6> kStyles{{{
    {Style::link_header, "link_header"},
    {Style::next_url, "next_url"},
    {Style::cursor, "cursor"},
    {Style::keyset, "keyset"},
    {Style::page, "page"},
    {Style::offset, "offset"},
}}};
constexpr std::array kStyleNames{"link_header"sv, "next_url"sv, "cursor"sv, "keyset"sv,
                                 "page"sv,        "offset"sv,   "none"sv};

constexpr std::array kPaginationKeys{
    Key{.name = "style",
        .type = KeyType::choice,
        .is_required = true,
        .description =
            "how the next page is asked for: by the URL of the header Link or of `next`, "
            "by a cursor, by the key of the last item, by the number of the page, by "
            "how many items came before; none: an endpoint has no pages",
        .choices = kStyleNames},
    Key{.name = "items",
        .type = KeyType::templated,
        .description = "an expression on .status, .headers and .body: the items of a page, an "
                       "array; if not given, what the step has for its body"},
    Key{.name = "next",
        .type = KeyType::templated,
        .description = "an expression on the same: the URL or the cursor of the next page; null, "
                       "\"\" or false where there is none"},
    Key{.name = "key",
        .type = KeyType::templated,
        .description = "an expression on the last item of a page: what the next page begins "
                       "behind"},
    Key{.name = "more",
        .type = KeyType::templated,
        .description = "an expression on .status, .headers and .body: whether there is another "
                       "page; anything but true ends"},
    Key{.name = "parameter",
        .description = "the parameter of the endpoint that says which page is asked for, or a "
                       "member of one, such as variables.after"},
    Key{.name = "first",
        .type = KeyType::integer,
        .description = "the number of the first page (1 if not given), or the first offset (0)",
        .minimum = 0,
        .maximum = 1'000'000},
    Key{.name = "size_parameter",
        .description = "the parameter of the endpoint that says how many items a page has"},
    Key{.name = "size",
        .type = KeyType::integer,
        .description = "the most items that a page can have: what `size_parameter` is where a step "
                       "does not give it",
        .minimum = 1,
        .maximum = 1'000'000},
};

/// Which keys go with a style, beside those that go with all.
struct StyleKeys {
  std::span<const std::string_view> needed;
  bool has_first = false;
};

StyleKeys keys_of(Style style) {
  static constexpr std::array kUrl{"next"sv};
  static constexpr std::array kCursor{"next"sv, "parameter"sv};
  static constexpr std::array kKeyset{"key"sv, "parameter"sv};
  static constexpr std::array kCount{"parameter"sv};
  switch (style) {
    case Style::link_header:
      break;
    case Style::next_url:
      return {kUrl};
    case Style::cursor:
      return {kCursor};
    case Style::keyset:
      return {kKeyset};
    case Style::page:
    case Style::offset:
      return {kCount, true};
  }
  return {};
}

// Each style has the keys that it needs, and none that say nothing of it.
void check_keys(const Fields& fields, Style style) {
  static constexpr std::array kOfSome{"next"sv, "key"sv, "parameter"sv};
  const auto [needed, has_first] = keys_of(style);
  for (const auto key : kOfSome) {
    const bool is_needed = std::ranges::find(needed, key) != needed.end();
    if (is_needed && !fields.has(key)) {
      fields.find("style")->error(
          fields.diagnostics(),
          fmt::format("pagination of style {} needs the key '{}'", name_of(style), key));
    } else if (!is_needed && fields.has(key)) {
      fields.key(key)->error(fields.diagnostics(),
                             fmt::format("'{}' does not go with style {}", key, name_of(style)));
    }
  }
  if (!has_first && fields.has("first")) {
    fields.key("first")->error(fields.diagnostics(),
                               fmt::format("'first' does not go with style {}", name_of(style)));
  }
  if (fields.has("size") != fields.has("size_parameter")) {
    fields.node().error(fields.diagnostics(),
                        "the size of pages needs both `size_parameter` and `size`");
  }
}

std::optional<expression::Program> read_program(const Fields& fields, std::string_view key) {
  const auto* node = fields.find(key);
  return node ? read_plain_program(*node, fields.diagnostics()) : std::nullopt;
}

/// The names in ".variables.after".
std::vector<std::string> members_of(std::string_view path) {
  std::vector<std::string> members;
  while (!path.empty()) {
    const auto end = path.find('.', 1);
    members.emplace_back(path.substr(1, end - 1));
    path = end == std::string_view::npos ? "" : path.substr(end);
  }
  return members;
}

/// Whether a page can be told by it: it takes a single text or number, or has a member that may.
bool can_tell_page(const PageParameter& place) {
  const auto& [parameter, inside] = place;
  if (parameter->place == ParameterPlace::whole_body) return false;
  if (parameter->type() == ValueType::any) return true;
  if (!inside.empty()) return parameter->type() == ValueType::object;
  return parameter->type() == ValueType::string || parameter->type() == ValueType::integer ||
         parameter->type() == ValueType::number;
}

void check_parameter(std::string_view name, std::span<const Parameter> parameters,
                     const yaml::Node& node, Diagnostics& diagnostics) {
  if (name.empty()) return;
  const auto found = find_page_parameter(name, parameters);
  if (!found) {
    std::vector<std::string> known;
    for (const auto& parameter : parameters) known.push_back(parameter.name);
    node.error(diagnostics,
               fmt::format("there is no parameter '{}'{}", name, did_you_mean(name, known)),
               known.empty() ? "describe it in `parameters`"
                             : fmt::format("there are: {}", fmt::join(known, ", ")));
  } else if (!can_tell_page(*found)) {
    node.error(diagnostics, fmt::format("parameter '{}' cannot tell of a page", name),
               found->inside.empty()
                   ? "it must be of type string, integer, number or any, and not the whole body"
                   : fmt::format("'{}' must be of type object or any, and not the whole body",
                                 found->parameter->name));
  }
}

}  // namespace

constinit const KeyTable kPaginationTable{"pagination", "the pagination", kPaginationKeys};

std::string_view name_of(Style style) {
  return kStyles.name_of(style);
}

std::shared_ptr<const Pagination> read_pagination(const yaml::Node& node,
                                                  Diagnostics& diagnostics) {
  const Fields fields(node, kPaginationTable, diagnostics);
  const auto style = kStyles.value_of(fields.text("style"));
  if (!style) return nullptr;
  check_keys(fields, *style);
  auto pagination = std::make_shared<Pagination>();
  pagination->style = *style;
  pagination->items = read_program(fields, "items");
  pagination->next = read_program(fields, "next");
  pagination->key = read_program(fields, "key");
  pagination->more = read_program(fields, "more");
  pagination->parameter = fields.text("parameter");
  pagination->first = fields.integer("first", *style == Style::page ? 1 : 0);
  pagination->size_parameter = fields.text("size_parameter");
  pagination->size = fields.integer("size", 0);
  return pagination;
}

std::optional<PageParameter> find_page_parameter(std::string_view name,
                                                 std::span<const Parameter> parameters) {
  const auto end = std::min(name.find('.'), name.size());
  const auto found = std::ranges::find(parameters, name.substr(0, end), &Parameter::name);
  if (found == parameters.end()) return std::nullopt;
  return PageParameter{&*found, members_of(name.substr(end))};
}

bool has_page_parameter(const Pagination& pagination, std::span<const Parameter> parameters) {
  if (pagination.parameter.empty()) return true;
  const auto found = find_page_parameter(pagination.parameter, parameters);
  return found && can_tell_page(*found);
}

void check_page_parameters(const Pagination& pagination, std::span<const Parameter> parameters,
                           const yaml::Node& node, Diagnostics& diagnostics) {
  const auto check = [&](std::string_view key, const std::string& name) {
    if (const auto* written = node.find(key))
      check_parameter(name, parameters, *written, diagnostics);
  };
  check("parameter", pagination.parameter);
  check("size_parameter", pagination.size_parameter);
}

}  // namespace tba
