#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "shared/expression/code.h"
#include "shared/expression/program.h"
#include "shared/expression/tree.h"

namespace tba::expression::detail {

/// Generates the code of each construct: code that replaces its input, on top of the stack, by its
/// output. Recurses as deep as the tree is high, which the parser bounds.
///
/// A call of a function that is short and not recursive becomes the function's own code, with the
/// arguments' code where its parameters are. Other functions, and the arguments that are given to
/// them, become code of their own behind the program's, with frames for their variables.
class Generator {
 public:
  /// Functions that are called may run while a path is wanted where `calls_are_tracked`: run()
  /// finds out by itself whether that is so.
  Generator(const Tree& tree, std::string_view source, Mode mode,
            std::span<const std::string> variables, bool calls_are_tracked = false);

  boost::system::result<std::shared_ptr<const Code>, std::vector<Problem>> run();

 private:
  struct Function;
  struct Binding;

  /// Where in which text the construct stands that code is generated for.
  struct Place {
    const Tree* tree;
    const Binding* scope;  ///< What is known there, the innermost first.
    const Node*
        site;  ///< In the text of a built-in function: the program's construct that calls it.
  };

  /// An argument whose code goes where the parameter is.
  struct Argument {
    Place place;
    const Node* node;
  };

  /// A name and what it stands for.
  struct Binding {
    enum class Kind : std::uint8_t { variable, function, argument, parameter, label };
    Kind kind;
    std::string_view name;
    std::uint32_t arity = 0;
    std::uint32_t level = 0;  ///< Of the frame that it is part of.
    std::uint32_t slot = 0;   ///< Of a variable or a label; of a parameter: which it is.
    Function* function = nullptr;
    Argument argument{};
    const Binding* outer = nullptr;
  };

  struct Function {
    Place place;  ///< Its scope includes the function itself.
    const Node* node;
    std::uint32_t level;  ///< Of the frame in which it is defined.
    bool is_recursive;
    bool is_generated = false;
    std::optional<std::uint32_t> block = std::nullopt;
  };

  /// Code to be generated behind the rest: of a function, or of an argument (with no function).
  struct Block {
    Function* function;
    Argument argument;
    std::uint32_t level;
    std::uint32_t address = 0;
  };

  /// A function that needs code of its own kind.
  struct Special {
    std::string_view name;
    std::uint32_t arity;
    void (Generator::*generate)(const Node& call);
  };
  static std::span<const Special> specials();

  // Constructs: generator.cc
  void generate(const Node& node);
  void push(const Node& node, std::uint32_t below = 0);
  bool needs_input(const Node& node) const;
  std::optional<Value> constant_of(const Node& node) const;
  void generate_constant(const Node& node, Value value);
  void generate_context(const Node& node);
  void generate_pipe(const Node& node);
  void generate_comma(const Node& node);
  void generate_binary(const Node& node);
  void generate_logical(const Node& node);
  void generate_alternative(const Node& node);
  void generate_attempt(const Node& node);
  void generate_array(const Node& node);
  bool is_literal(const Node& node) const;
  void generate_object(const Node& node);
  void generate_condition(const Node& node);
  void generate_interpolation(const Node& node);
  void emit_format(const Node& node, std::string_view name);
  void generate_label(const Node& node);
  void generate_break(const Node& node);

  // Bindings, loops and assignments: generator_bindings.cc
  void generate_binding(const Node& node);
  void generate_reduce(const Node& node);
  void generate_foreach(const Node& node);
  void with_patterns(const Node& node, std::span<const NodeId> patterns,
                     const std::function<void()>& body);
  void with_alternatives(const Node& node, std::span<const NodeId> patterns,
                         const std::function<void()>& body);
  void generate_destructuring(const Node& pattern, bool are_known);
  void generate_pattern(const Node& pattern, bool are_known);
  void collect_names(const Node& pattern, std::vector<std::string_view>& names) const;
  void generate_assignment(const Node& node);
  void for_each_path(const Node& node, const Node& left, std::uint32_t state, std::uint32_t path,
                     const std::function<void()>& body);
  bool is_one_path(const Node& node) const;
  void store_path_of(const Node& node, std::uint32_t path);
  void generate_operator_update(const Node& node, std::uint32_t value);
  void generate_update(const Node& node, const Node& left, const std::function<void()>& updater);
  void generate_path(const Node& node, const Node& body);
  void call_native(const Node& node, std::string_view name, std::uint32_t arity);

  // Paths: generator_paths.cc
  struct RootedBase {
    Root root;
    const Node* base;        ///< The identity or the variable.
    const Node* root_index;  ///< The index that names the root, or the variable itself.
  };
  std::optional<RootedBase> rooted_base(const Node& path) const;
  bool is_constant_key(const Node& index) const;
  bool is_strict(const Node& path) const;
  bool is_peekable(const Node& node) const;
  void push_peeked(const Node& node, std::uint32_t below);
  const Binding* variable_base(const Node& node) const;
  void push_variable_path(const Node& node, const Binding& variable);
  void push_rooted(const Node& node, bool optional);
  void collect_keys(const Node& node, const Node* end, Path& path, bool optional) const;
  void add_reference(Root root, const Path& path, const Node& node);
  std::uint32_t add_path(Path path);
  void push_variable(const Node& node);
  std::string suggested_variable(std::string_view wrong) const;
  void generate_suffix(const Node& node, bool optional);
  void generate_constant_keys(const Node& node, std::uint8_t flags);
  void report_unknown_root(const Node& node, const Node* identity);

  // Functions: generator_functions.cc
  void generate_define(const Node& node);
  Function* define(const Node& node, std::uint32_t level);
  void generate_call(const Node& node);
  const Binding* find_function_binding(std::string_view name, std::uint32_t arity) const;
  void generate_argument(const Argument& argument);
  void generate_function_call(Function& function, const Node& call);
  void generate_inlined(Function& function, const Node& call);
  void generate_parameter_call(const Binding& parameter, const Node& call);
  void generate_native_call(std::uint32_t index, const Node& call);
  Function* built_in(std::string_view name, std::uint32_t arity, const Node& call);
  bool may_inline(const Function& function) const;
  void emit_arguments(const Node& call);
  std::uint32_t add_block(Function* function, Argument argument, std::uint32_t level);
  void generate_block(std::size_t index);
  void generate_function_block(Function& function);
  void make_tail_calls(std::size_t begin);
  void link();
  void check_uncalled();
  void report_unknown_function(const Node& node);
  void generate_empty(const Node& call);
  void generate_error(const Node& call);
  void generate_error_message(const Node& call);
  void generate_first(const Node& call);
  void generate_getpath(const Node& call);
  void generate_path_call(const Node& call);
  void generate_range(const Node& call);
  void generate_recurse(const Node& call);
  void generate_builtins(const Node& call);

  // The code: generator.cc
  std::uint32_t emit(Opcode opcode, const Node& node, std::uint32_t operand = 0,
                     std::uint8_t flags = 0);
  std::uint32_t emit_out(Opcode opcode, const Node& node, std::uint32_t level,
                         std::uint32_t operand);
  void land(std::uint32_t jump);
  std::uint32_t address() const { return static_cast<std::uint32_t>(code_.instructions.size()); }
  std::uint32_t constant(const Value& value);
  std::uint32_t new_slot() { return slots_++; }
  const Binding* bind(Binding binding);
  const Binding* bind_variable(std::string_view name);
  const Binding* find_variable(std::string_view name, Binding::Kind kind) const;
  void report(const Node& node, std::string message, std::string hint = {});
  void report(Problem problem);

  const Node& child(const Node& node, std::size_t index) const {
    return place_.tree->child(node, index);
  }
  std::span<const NodeId> children_of(const Node& node) const {
    return place_.tree->children_of(node);
  }
  const Node& node_of(NodeId id) const { return (*place_.tree)[id]; }

  const Tree& program_;
  std::span<const std::string> variables_;
  bool calls_are_tracked_;
  bool wants_paths_ = false;  // whether any code follows where values come from
  Code code_;
  std::vector<Problem> problems_;
  std::deque<Binding> bindings_;
  std::deque<Function> functions_;
  std::vector<std::pair<const Node*, Function*>> built_ins_;  // those that were called
  std::vector<Block> blocks_;
  Place place_;
  std::uint32_t level_ = 0;    // of the frame that the code runs in
  std::uint32_t slots_ = 0;    // variables of that frame
  std::uint32_t inlined_ = 0;  // how many calls around became the functions' own code
  bool at_context_;            // whether `.` is the context here
  bool is_tracked_ = false;    // whether the code may run while a path is wanted
  int lenient_ = 0;            // how many constructs around forgive a missing key
};

}  // namespace tba::expression::detail
