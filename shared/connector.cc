#include "shared/connector.h"

#include <algorithm>
#include <array>

namespace tba {
namespace {

constexpr std::array<std::pair<ParameterPlace, std::string_view>, 4> kPlaces{{
    {ParameterPlace::header, "header"},
    {ParameterPlace::path, "path"},
    {ParameterPlace::query, "query"},
    {ParameterPlace::body, "body"},
}};

constexpr std::array<std::pair<AuthScheme::Type, std::string_view>, 4> kAuthTypes{{
    {AuthScheme::Type::bearer, "bearer"},
    {AuthScheme::Type::api_key, "api_key"},
    {AuthScheme::Type::basic, "basic"},
    {AuthScheme::Type::webhook_secret, "webhook_secret"},
}};

template <class Table, class Key>
std::string_view name_in(const Table& table, Key wanted) {
  const auto* const found = std::find_if(table.begin(), table.end(),
                                         [&](const auto& entry) { return entry.first == wanted; });
  return found != table.end() ? found->second : "unknown";
}

template <class Table>
auto value_in(const Table& table, std::string_view wanted) {
  const auto* const found = std::find_if(table.begin(), table.end(),
                                         [&](const auto& entry) { return entry.second == wanted; });
  return found != table.end() ? std::optional(found->first) : std::nullopt;
}

}  // namespace

std::string_view name_of(ParameterPlace place) {
  return name_in(kPlaces, place);
}
std::string_view name_of(AuthScheme::Type type) {
  return name_in(kAuthTypes, type);
}

std::optional<ParameterPlace> parameter_place_named(std::string_view name) {
  return value_in(kPlaces, name);
}
std::optional<AuthScheme::Type> auth_type_named(std::string_view name) {
  return value_in(kAuthTypes, name);
}

Shape WebhookScheme::payload_of(std::string_view event) const {
  for (const auto name : {event, event.substr(0, event.find('.'))}) {
    const auto found = std::find_if(events.begin(), events.end(),
                                    [&](const auto& known) { return known.first == name; });
    if (found != events.end()) return found->second;
  }
  return {};
}

const Endpoint* Connector::endpoint(std::string_view id) const {
  const auto found = std::find_if(endpoints.begin(), endpoints.end(),
                                  [&](const Endpoint& each) { return each.id == id; });
  return found != endpoints.end() ? &*found : nullptr;
}

const AuthScheme* Connector::scheme(std::string_view wanted) const {
  const auto found = std::find_if(auth.begin(), auth.end(),
                                  [&](const AuthScheme& each) { return each.name == wanted; });
  return found != auth.end() ? &*found : nullptr;
}

}  // namespace tba
