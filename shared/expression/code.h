#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "shared/expression/context.h"
#include "shared/expression/program.h"
#include "shared/value/value.h"

namespace tba::expression::detail {

/// The instructions of the machine. Most take their operands from its stack, whose top is written
/// at the right: `left right → result`. Variables are those of the frame `hops` functions further
/// out, as are parameters.
enum class Opcode : std::uint8_t {
  // Values
  push_constant,  ///< → constants[operand]
  push_path,      ///< → what paths[operand] leads to from its root of the context
  push_context,   ///< → the whole context
  load,           ///< → variables[operand]
  take,           ///< → variables[operand], which is null afterwards
  store,          ///< value →, into variables[operand]
  pick,           ///< → a copy of the operand-th value below the top; 0 is the top
  drop,           ///< value →
  nip,            ///< below top → top
  swap,           ///< a b → b a

  // Paths
  read_path,      ///< value → what paths[operand] leads to from it
  peek_path,      ///< → what paths[operand] leads to from the hops-th value below the top
  peek_variable,  ///< → what paths[operand] leads to from the path's variable
  index,  ///< key target → value; operand: where the target's text ends; flags: kOptional, kStrict
  slice,       ///< from to target → part; flags: kOptional
  iterate,     ///< container → each of its values; flags: kOptional
  get_path,    ///< value path → what the path leads to
  path_begin,  ///< begins to follow where values come from; the way so far into variables[operand]
  path_end,    ///< value → its path; the way of variables[operand] again
  detach,      ///< what follows is part of no path; the way so far into variables[operand]
  attach,      ///< the way of variables[operand] again

  // Operations
  binary,            ///< right left → result of Operator{operand}; flags: kSwapped: left right
  negate,            ///< number → its negative
  to_boolean,        ///< value → false for null and false, else true
  call,              ///< input, last … first argument → result of function `operand`
  format,            ///< value → its text in FormatId{operand}
  insert,            ///< object key value → object
  join,              ///< the operand topmost values, the first part on top → one string
  begin_collection,  ///< starts an array in variables[operand]
  collect,           ///< value →, appended to variables[operand]
  end_collection,    ///< input → the array of variables[operand]
  range,             ///< step to from → each number; flags: kOptional never

  // Ways to go on
  jump,           ///< goes on at `operand`
  jump_if_false,  ///< condition →; goes on at `operand` if it is null or false
  fork,           ///< goes on; on backtracking, at `operand` with the stack as it is now
  fork_attempt,   ///< the same, but only when an error is raised before end_attempt
  end_attempt,    ///< errors from here on are not the attempt's; operand: as its fork_attempt
  push_error,     ///< → the value of the error that was caught
  rethrow,        ///< raises the error that was caught again
  raise,          ///< value →, as an error
  mark,           ///< the forks there are, into variables[operand]
  cut,            ///< forgets the forks made since the mark in variables[operand]
  backtrack,      ///< gives up this way and takes the one of the last fork
  output,         ///< value →, as an output of the program

  // Functions. Those that call are followed by `flags` arguments: closure or parameter
  enter,           ///< makes room for `operand` variables
  call_function,   ///< input → output of the function at `operand`, defined `hops` functions out
  tail_call,       ///< the same, in place of the frame of the caller
  call_parameter,  ///< input → output of the closure that is parameter `operand`
  tail_parameter,  ///< the same, in place of the frame of the caller
  closure,         ///< an argument: the function at `operand`, defined here
  parameter,       ///< an argument: parameter `operand` of the frame `hops` further out
  leave,           ///< goes back to the caller
};

inline constexpr std::uint8_t kOptional = 1;  ///< A wrong type gives no output instead of an error.
inline constexpr std::uint8_t kStrict = 2;    ///< A missing key is an error.
inline constexpr std::uint8_t kSwapped = 4;

/// One instruction, with the part of the program's text that its errors point to.
struct Instruction {
  Opcode opcode;
  std::uint8_t flags = 0;
  std::uint16_t hops = 0;
  std::uint32_t operand = 0;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};

/// A key of a path: a name or an integer.
struct PathKey {
  Value key;
  std::uint32_t offset = 0;  ///< In the program's text.
  std::uint32_t length = 0;
  std::uint32_t parent_end = 0;  ///< Where the text of what it is a key of ends.
};

/// Keys known before evaluation, read in one go and without copying what lies between.
struct Path {
  Root root = Root::trigger;  ///< Of the context, where push_path begins.
  std::uint32_t slot = 0;     ///< Of the variable, where peek_variable begins.
  std::uint8_t flags = 0;     ///< kOptional, kStrict
  std::uint32_t offset = 0;   ///< In the program's text, where the whole path begins.
  std::uint32_t length = 0;   ///< Up to the root or the first key.
  std::vector<PathKey> keys;
};

/// What a Program is made of.
struct Code {
  std::string source;
  Mode mode = Mode::plain;
  std::vector<Instruction> instructions;
  std::vector<Value> constants;
  std::vector<Path> paths;
  std::uint32_t variable_count = 0;  ///< Outside of functions. Those the caller gives come first.
  std::vector<Reference> references;

  /// Whether all it does is to read one path.
  bool is_path() const {
    return instructions.size() == 2 && instructions[0].opcode == Opcode::push_path;
  }
};

}  // namespace tba::expression::detail
