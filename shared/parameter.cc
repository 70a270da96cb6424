#include "shared/parameter.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "shared/header_name.h"
#include "shared/name_table.h"
#include "shared/suggestion.h"
#include "shared/value/json.h"
#include "shared/yaml_scalars.h"

namespace tba {
namespace {

constexpr NameTable<ParameterPlace, 6> kPlaces{{{
    {ParameterPlace::path, "path"},
    {ParameterPlace::query, "query"},
    {ParameterPlace::header, "header"},
    {ParameterPlace::cookie, "cookie"},
    {ParameterPlace::body, "body"},
    {ParameterPlace::whole_body, "whole_body"},
}}};
constexpr auto kPlaceNames = kPlaces.names();

constexpr NameTable<ParameterStyle, 6> kStyles{{{
    {ParameterStyle::repeat, "repeat"},
    {ParameterStyle::comma, "comma"},
    {ParameterStyle::space, "space"},
    {ParameterStyle::pipe, "pipe"},
    {ParameterStyle::brackets, "brackets"},
    {ParameterStyle::json, "json"},
}}};
constexpr auto kStyleNames = kStyles.names();

// How many of the keys say where a parameter goes in a request: the first.
constexpr std::size_t kPlaceKeys = 3;

constexpr std::array kParameterKeys{
    Key{.name = "in",
        .type = KeyType::choice,
        .is_required = true,
        .description = "where it goes in the request; body: a member of the object or a field of "
                       "the form that is sent; whole_body: all of it",
        .choices = kPlaceNames},
    Key{.name = "name", .description = "its name in the request, where that is another"},
    Key{.name = "style",
        .type = KeyType::choice,
        .description = "how an array or object is written where there is room for text only: "
                       "repeat (a=1&a=2; if not given), comma (a=1,2), space, pipe, brackets "
                       "(a[]=1, a[key]=1), json",
        .choices = kStyleNames},
    Key{.name = "type",
        .type = KeyType::shape,
        .description = "what its value must be: a type, or the shape of an object or array; any "
                       "if not given"},
    Key{.name = "required",
        .type = KeyType::boolean,
        .description = "whether a call must give it; false if not given"},
    Key{.name = "default",
        .type = KeyType::literal,
        .description = "its value where a call gives none"},
    Key{.name = "choices",
        .type = KeyType::literal_list,
        .description = "the values that it may have; anything of its type if not given"},
    Key{.name = "description", .description = "what it means"},
};

void check_value(const yaml::Node& node, const Value& value, std::string_view what,
                 const Parameter& parameter, Diagnostics& diagnostics) {
  if (auto found = misfit(parameter.shape, value)) {
    node.error(diagnostics,
               fmt::format("{} of '{}{}' {}", what, parameter.name, found->path, found->problem),
               std::move(found->hint));
  }
}

void read_choices(const Fields& fields, Parameter& parameter) {
  const auto* node = fields.find("choices");
  if (!node) return;
  for (const auto& item : node->items) {
    parameter.choices.push_back(to_value(*item, fields.diagnostics()));
    check_value(*item, parameter.choices.back(), "a choice", parameter, fields.diagnostics());
  }
}

void read_default(const Fields& fields, Parameter& parameter) {
  const auto* node = fields.find("default");
  if (!node) return;
  parameter.default_value = to_value(*node, fields.diagnostics());
  check_value(*node, *parameter.default_value, "the default", parameter, fields.diagnostics());
  if (!parameter.choices.empty() &&
      std::ranges::find(parameter.choices, *parameter.default_value) == parameter.choices.end()) {
    node->error(fields.diagnostics(),
                fmt::format("the default of '{}' is none of its choices", parameter.name));
  }
}

}  // namespace

constinit const KeyTable kParameterTable{"parameter", "a parameter", kParameterKeys};
constinit const KeyTable kValueParameterTable{"parameter", "a parameter",
                                              std::span(kParameterKeys).subspan(kPlaceKeys)};

std::string_view name_of(ParameterPlace place) {
  return kPlaces.name_of(place);
}

std::string_view name_of(ParameterStyle style) {
  return kStyles.name_of(style);
}

Parameter read_parameter(const yaml::Node& name, const yaml::Node& node, Diagnostics& diagnostics,
                         const KeyTable& table) {
  const Fields fields(node, table, diagnostics);
  Parameter parameter;
  parameter.name = name.text;
  parameter.sent_as = fields.text("name", name.text);
  parameter.place = kPlaces.value_of(fields.text("in")).value_or(ParameterPlace::body);
  parameter.style = kStyles.value_of(fields.text("style")).value_or(ParameterStyle::repeat);
  if (const auto* type = fields.find("type")) parameter.shape = read_shape(*type, diagnostics);
  parameter.required = fields.boolean("required", false);
  parameter.description = fields.text("description");
  read_choices(fields, parameter);
  read_default(fields, parameter);
  const auto* sent_as = fields.find("name");
  if (parameter.place == ParameterPlace::header)
    check_header_name(sent_as ? *sent_as : name, diagnostics);
  return parameter;
}

std::optional<Misfit> misfit(const Parameter& parameter, const Value& value) {
  auto found = misfit(parameter.shape, value);
  return found ? found : misfit_of_choice(parameter, value);
}

std::optional<Misfit> misfit_of_choice(const Parameter& parameter, const Value& value) {
  const auto& choices = parameter.choices;
  if (choices.empty() || std::ranges::find(choices, value) != choices.end()) return std::nullopt;
  const auto text = [](const Value& each) {
    return each.is_string() ? std::string(each.as_string()) : to_json(each);
  };
  std::vector<std::string> texts;
  for (const auto& choice : choices) texts.push_back(text(choice));
  return Misfit{"", fmt::format("cannot be {}{}", to_json(value), did_you_mean(text(value), texts)),
                fmt::format("one of: {}", fmt::join(texts, ", "))};
}

}  // namespace tba
