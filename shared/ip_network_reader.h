#pragma once

#include <string_view>
#include <vector>

#include "shared/ip_network.h"
#include "shared/key_table.h"

namespace tba {

/// The networks that a key of type text_list or text_or_list names; empty where it is not there.
/// Adds each that is none to the diagnostics.
std::vector<IpNetwork> read_networks(const Fields& fields, std::string_view key);

}  // namespace tba
