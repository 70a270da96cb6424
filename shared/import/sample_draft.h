#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/import/parameters.h"
#include "shared/import/sample.h"
#include "shared/import/unsupported.h"

namespace tba::importing {

/// What a sample becomes.
struct DraftedSample {
  Endpoint endpoint;  ///< Its base URL is not set.
  std::optional<AuthScheme> auth;
  std::vector<std::string> withheld;  ///< "password in the body": values that may be secrets.
};

/// Makes an endpoint of a sample.
class SampleDraft {
 public:
  /// Both must outlive it.
  SampleDraft(const Sample& sample, Unsupported& unsupported)
      : sample_(sample), unsupported_(unsupported) {}

  DraftedSample finish() &&;

 private:
  void find_auth();
  void add_path();
  std::string add_segment(std::string_view segment, std::string_view before);
  std::string add_placeholder(const SampleField& field);
  void add_headers();
  void add_body();
  void add_json();
  void add_member(std::string_view name, const Value& value);
  void add_whole_body(const std::optional<Value>& value);
  void add_fields(ParameterPlace place, const std::vector<SampleField>& fields);
  void add_field(ParameterPlace place, const SampleField& field,
                 const std::vector<const SampleField*>& same);
  void withhold(const Parameter& parameter);

  const Sample& sample_;
  Unsupported& unsupported_;
  EndpointDraft draft_;
  std::optional<AuthScheme> auth_;
  const SampleField* proof_ = nullptr;  // the header or query field that auth_ is about
  std::vector<std::pair<std::string, std::string>> placeholders_;  // and their parameters
  std::vector<std::string> withheld_;
};

}  // namespace tba::importing
