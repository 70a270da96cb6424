#include "daemon/steps/request_secrets.h"

#include <utility>
#include <variant>

#include "daemon/connectors/authentication.h"
#include "shared/uri.h"
#include "shared/value/json.h"

namespace tba::steps {
namespace {

using Part = engine::RequestSecret::Part;
using Path = std::span<const expression::ValuePath::value_type>;

/// `whole` with `part` at the end of the path. Requires that the path leads somewhere.
Value with_part(Value whole, Path path, Value part) {
  if (path.empty()) return part;
  const auto rest = path.subspan(1);
  if (const auto* index = std::get_if<std::size_t>(&path.front())) {
    auto item = whole.take_item(*index);
    return std::move(whole).with_item_at(*index, with_part(std::move(item), rest, std::move(part)));
  }
  const auto& name = std::get<std::string>(path.front());
  auto member = whole.take_member(name);
  return std::move(whole).with_member(name, with_part(std::move(member), rest, std::move(part)));
}

/// The name of the header, parameter, field or variable that it is the value of.
const std::string& name_of(const engine::RequestSecret& secret) {
  return std::get<std::string>(secret.path.front());
}

}  // namespace

Result<RequestSecrets> RequestSecrets::open(std::vector<engine::RequestSecret> wanted,
                                            const vault::Credentials& credentials) {
  RequestSecrets secrets;
  for (auto& place : wanted) {
    auto credential = credentials.find(place.secret.credential);
    if (!credential)
      return Error{ErrorCode::unavailable, credentials.problem(place.secret.credential), ""};
    if (auto fits = connectors::check_for_secret(*credential, place.secret.field); !fits)
      return fits.error();
    secrets.opened_.push_back({std::move(place), std::move(credential)});
  }
  return secrets;
}

void RequestSecrets::fill(engine::EndpointCall& call) const {
  for (const auto& secret : opened_) {
    call.parameters =
        with_part(std::move(call.parameters), secret.place.path, Value::string(secret.text()));
  }
}

void RequestSecrets::fill(engine::RawRequest& raw) const {
  for (const auto& secret : opened_) {
    switch (secret.place.part) {
      case Part::query:
        raw.url = with_query(raw.url, {{name_of(secret.place), secret.text()}});
        break;
      case Part::headers:
        raw.headers.emplace_back(name_of(secret.place), secret.text());
        break;
      case Part::form:
        raw.body += raw.body.empty() ? "" : "&";
        raw.body += form_encode({{name_of(secret.place), secret.text()}});
        break;
      case Part::json:
        raw.json = with_part(std::move(raw.json), secret.place.path, Value::string(secret.text()));
        raw.body = to_json(raw.json);
        break;
      case Part::body:
        raw.body = secret.text();
        break;
      case Part::parameters:
      case Part::environment:
        break;
    }
  }
}

void RequestSecrets::fill(engine::ProgramCall& program) const {
  for (const auto& secret : opened_)
    program.environment.emplace_back(name_of(secret.place), secret.text());
}

Result<> RequestSecrets::check_destination(
    const std::string& url,
    const std::function<std::shared_ptr<const Connector>(const std::string& name)>& connector_of)
    const {
  for (const auto& [place, credential] : opened_) {
    const auto own = connector_of(credential->connector);
    auto fits = connectors::check_destination(url, *credential, own.get());
    if (!fits) return fits;
  }
  return {};
}

Result<> RequestSecrets::check_owner(std::string_view plugin) const {
  for (const auto& [place, credential] : opened_) {
    auto fits = connectors::check_for_secret(*credential, place.secret.field, plugin);
    if (!fits) return fits;
  }
  return {};
}

}  // namespace tba::steps
