#pragma once

#include <optional>
#include <span>

#include "daemon/http/message.h"
#include "shared/ip_network.h"

namespace tba::http {

/// Who sent a request that a trusted proxy passed on: of the addresses that Forwarded (RFC 7239)
/// and X-Forwarded-For list, each proxy having added whom it was asked by, the last one that is no
/// trusted proxy, or the first where all are.
///
/// Whatever stands before that one was written by whoever sent it and counts for nothing. Nothing
/// where that cannot be told: neither header is there, one is malformed, names no address there or
/// lists more than kMostHops, or the two differ (a proxy writes one of them, and passes the other
/// on as a stranger wrote it).
std::optional<IpAddress> forwarded_client(const Headers& headers,
                                          std::span<const IpNetwork> trusted);

/// Up to how many addresses are listed.
inline constexpr std::size_t kMostHops = 100;

}  // namespace tba::http
