#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/connector.h"
#include "shared/diagnostic.h"
#include "shared/error.h"
#include "shared/value/value.h"

namespace tba {

/// A call of an endpoint as it went once: what it was called with, what was sent and answered, and
/// what a step made of it. What a cassette does not say is not compared.
struct Cassette {
  using Headers = std::vector<std::pair<std::string, std::string>>;

  /// What is sent, but for its secrets, which are `********`.
  struct Request {
    std::optional<std::string> method;
    std::optional<std::string> url;
    Headers headers;
    std::optional<Value> body;  ///< The value that JSON says, or text; null for none.
  };
  /// What the API answers.
  struct Answer {
    int status = 200;
    Headers headers;
    Value body;  ///< Text as it is, any other value as JSON; null for none.
  };
  /// How a call fails.
  struct Failure {
    std::optional<std::string> kind;
    std::optional<std::string> message;
    std::optional<double> retry_after;  ///< Seconds.

    bool operator==(const Failure&) const = default;
  };

  std::string name;
  std::string endpoint;
  Value parameters;
  std::string auth;  ///< The scheme that it is called by, with made-up secrets; or empty.
  Request request;
  std::optional<Answer> answer;
  std::optional<Value> result;     ///< The body that the step has.
  std::optional<Failure> failure;  ///< Nothing: it succeeds.
};

/// Whether calls by that scheme are the same each time, but for secrets: others are recorded and
/// compared without it.
bool is_repeatable(const AuthScheme& scheme);

/// The cassette in the keys of a file.
Value as_value(const Cassette& cassette);

/// The text of a file of cassettes, which may be empty, with one more behind those it has: nothing
/// of them is touched. Errors (`invalid`): it is no such file, or one that nothing can be put
/// behind, such as a list in brackets.
Result<std::string> with_cassette(const std::string& text, const Value& cassette);

/// The cassettes of a file, whose endpoints and auth schemes must be the connector's. Adds its
/// problems to `diagnostics`; gives nothing after an error.
std::optional<std::vector<Cassette>> read_cassettes(const std::string& path, std::string text,
                                                    const Connector& connector,
                                                    Diagnostics& diagnostics);

}  // namespace tba
