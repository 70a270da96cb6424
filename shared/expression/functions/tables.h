#pragma once

#include <span>

#include "shared/expression/functions.h"

namespace tba::expression::detail {

// The functions of each topic. To add a topic: its file, a line here and one in functions.cc.

std::span<const Function> array_functions();
std::span<const Function> core_functions();
std::span<const Function> date_functions();
std::span<const Function> format_functions();
std::span<const Function> matching_functions();
std::span<const Function> math_functions();
std::span<const Function> object_functions();
std::span<const Function> order_functions();
std::span<const Function> path_functions();
std::span<const Function> string_functions();

}  // namespace tba::expression::detail
