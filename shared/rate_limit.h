#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/diagnostic.h"
#include "shared/expression/program.h"
#include "shared/key_table.h"
#include "shared/yaml_reader.h"

namespace tba {

/// How often an API lets itself be asked: what is known beforehand, and where its answers say how
/// much is left. Where neither is, only what it refuses tells of the limit.
struct RateLimit {
  /// How an answer says when the count begins anew.
  enum class Reset {
    epoch,         ///< Seconds since 1970, perhaps with decimals.
    epoch_millis,  ///< Milliseconds since 1970.
    seconds,       ///< Seconds from now, perhaps with decimals.
    duration,      ///< Such as "6m0s" or "12ms".
    rfc3339,       ///< Such as "2026-11-24T09:05:00.000000Z".
  };
  /// What has a count of its own.
  enum class Scope { credential, endpoint };

  std::string name;
  std::int64_t requests = 0;            ///< In each `per`; 0 where only answers tell.
  std::chrono::milliseconds per{0};     ///< 0 where only answers tell.
  std::vector<Scope> by;                ///< In the order above; empty: one count for the whole API.
  std::vector<std::string> parameters;  ///< Each of whose values has a count of its own, too.
  bool only_where_named = false;        ///< Counts only calls of endpoints that name it.
  // The headers of answers, in lower case; or empty.
  std::string limit_header;
  std::string remaining_header;
  std::string reset_header;
  std::string bucket_header;  ///< Names the count; endpoints with the same one share it.
  Reset reset = Reset::epoch;
  /// Whether an answer that asks to come later does so because of this limit: an expression as in
  /// AnswerRules; without one it does.
  std::optional<expression::Program> blamed_when;

  /// Whether answers tell how much is left, and until when.
  bool is_told() const { return !remaining_header.empty() && !reset_header.empty(); }
};

/// The keys of a limit.
extern const KeyTable kRateLimitTable;

/// The limit of that name that a node describes.
RateLimit read_rate_limit(const yaml::Node& name, const yaml::Node& node, Diagnostics& diagnostics);

}  // namespace tba
