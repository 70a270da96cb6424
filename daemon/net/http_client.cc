#include "daemon/net/http_client.h"

#include <stdexcept>

namespace tba::net {

const std::string* HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string_view name_of(HttpFailure::Kind kind) {
  switch (kind) {
    case HttpFailure::Kind::invalid:
      return "invalid";
    case HttpFailure::Kind::connect:
      return "connect";
    case HttpFailure::Kind::dns:
      return "dns";
    case HttpFailure::Kind::tls:
      return "tls";
    case HttpFailure::Kind::timeout:
      return "timeout";
    case HttpFailure::Kind::reset:
      return "reset";
    case HttpFailure::Kind::too_large:
      return "too_large";
    case HttpFailure::Kind::protocol:
      return "protocol";
    case HttpFailure::Kind::cancelled:
      return "cancelled";
    case HttpFailure::Kind::stopping:
      return "stopping";
  }
  return "protocol";
}

void throw_exception_from_error(const HttpFailure& failure, const boost::source_location& where) {
  throw std::logic_error("unchecked failure at " + where.to_string() + ": " + failure.message);
}

}  // namespace tba::net
