#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/error.h"

namespace tba::importing {

/// What an option of curl does to the request.
enum class CurlEffect : std::uint8_t {
  nothing,  ///< It is about the output, or says how a connector does it anyway.
  unsupported,
  url,
  method,
  header,
  data,
  data_raw,
  data_urlencode,
  json,
  form,
  form_string,
  url_query,
  as_query,
  head,
  user,
  digest,
  bearer,
  cookie,
  user_agent,
  referer,
  upload,
};

/// An option on a command line.
struct CurlArgument {
  CurlEffect effect = CurlEffect::url;
  std::string option;  ///< "--data"; empty for a URL that stands alone.
  std::string value;   ///< Where the option takes one.
};

/// The options that the words behind `curl` mean. Of those that nobody knows it is assumed that
/// they take no value. Errors (`invalid`): a value is missing.
Result<std::vector<CurlArgument>> read_curl_arguments(const std::vector<std::string>& words);

}  // namespace tba::importing
