#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "shared/expression/code.h"
#include "shared/expression/program.h"
#include "shared/expression/tree.h"

namespace tba::expression {

/// Turns a tree into instructions, and checks what can be checked before running: names of
/// functions, variables and, in a workflow, roots of the context. Gives all the problems found.
boost::system::result<std::shared_ptr<const detail::Code>, std::vector<Problem>> generate_code(
    const Tree& tree, std::string_view source, Mode mode, std::span<const std::string> variables);

}  // namespace tba::expression
