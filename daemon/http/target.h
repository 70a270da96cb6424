#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/http/form.h"
#include "shared/error.h"

namespace tba::http {

/// A request target (RFC 9112 section 3.2) taken apart and decoded. A segment may hold a '/' that
/// was sent as %2F, which is why segments are kept beside the path.
class Target {
 public:
  /// Reads the origin form ("/a/b?c=d") and the absolute form ("http://host/a"). In the query '+'
  /// stands for a space, and a name without '=' has the value "". Errors (`invalid`): any other
  /// form, a fragment, bad percent-encoding, NUL, other control characters in the path, text that
  /// is not UTF-8, the segments "." and "..", however they are encoded.
  static Result<Target> parse(std::string_view text);

  const std::string& path() const { return path_; }
  std::size_t segment_count() const { return starts_.size(); }
  /// The n-th segment, counted from 0: "b" is segment 1 of "/a/b"; "/" has one empty segment.
  std::string_view segment(std::size_t n) const;
  /// From the n-th segment to the end of the path.
  std::string_view from_segment(std::size_t n) const {
    return std::string_view(path_).substr(starts_[n]);
  }

  FormFields query;

  /// Gives the path away.
  std::string take_path() && { return std::move(path_); }

 private:
  Result<> parse_path(std::string_view encoded);
  Result<> parse_query(std::string_view encoded);

  std::string path_;
  std::vector<std::uint32_t> starts_;  // where each segment begins in path_
};

}  // namespace tba::http
