#pragma once

#include <string_view>

#include <boost/system/result.hpp>

#include "shared/expression/program.h"
#include "shared/expression/tree.h"

namespace tba::expression {

/// How deep the constructs of a program may nest. The parser and the compiler recurse that far.
inline constexpr std::uint32_t kMaxNesting = 256;

/// Parses a program of jq's grammar. Gives the first problem, or the tree, which refers to
/// `source`.
boost::system::result<Tree, Problem> parse(std::string_view source);

/// Parses definitions of functions, as a define without a body.
boost::system::result<Tree, Problem> parse_definitions(std::string_view source);

}  // namespace tba::expression
