#pragma once

#include <string>
#include <string_view>

#include "daemon/net/http_client.h"
#include "shared/clock.h"

namespace tba::connectors {

/// What an AWS credential holds; a session token where it is a temporary one.
struct AwsKeys {
  std::string_view access_key_id;
  std::string_view secret_access_key;
  std::string_view session_token = {};
};

/// For what a signature is good: "us-east-1", "s3".
struct AwsScope {
  std::string_view region;
  std::string_view service;
};

/// Signs the finished request with AWS Signature Version 4: adds X-Amz-Date, where they apply
/// X-Amz-Security-Token and (of s3, always) X-Amz-Content-Sha256, and Authorization, each in the
/// place of one that is there. A content hash that the request brings ("UNSIGNED-PAYLOAD") is taken
/// at its word. The URL's query is put into the order and the encoding in which it is signed.
/// Requires: an absolute URL.
///
/// Ours, because libcurl 7.88 signs a query as it stands, and AWS one that is sorted and encoded.
/// Source: AWS's "Create a signed AWS API request", IAM user guide.
void sign_aws_sigv4(net::HttpRequest& request, const AwsKeys& keys, const AwsScope& scope,
                    Instant now);

}  // namespace tba::connectors
