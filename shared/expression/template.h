#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

#include "shared/expression/program.h"
#include "shared/value/value.h"

namespace tba::expression {

/// Text with expressions in it: "Hello ${{ .inputs.name }}". Text that is exactly one expression
/// keeps the type of its output; otherwise outputs are put into the text: strings as they are,
/// other scalars as JSON. `$${{` stands for a literal `${{`. Immutable; cheap to copy; may be
/// evaluated by several threads at once.
class Template {
 public:
  /// Gives all the problems of all the expressions, with offsets into `text`, or a template.
  static boost::system::result<Template, std::vector<Problem>> parse(std::string_view text);

  /// Whether there is no expression in it.
  bool is_constant() const;
  /// The text, `$${{` resolved. Requires: is_constant().
  const std::string& as_constant() const;
  /// Whether it is exactly one expression, with nothing before or behind.
  bool is_expression() const;

  /// The value: a string unless is_expression(). An expression without output gives null, one with
  /// several is a problem, and so is an array or an object within text. Problems have offsets into
  /// the text that was parsed.
  boost::system::result<Value, Problem> evaluate(
      const Context& context, const Budget& budget = {},
      const Surroundings& surroundings = Surroundings::standard()) const;

  /// What its expressions read, with offsets into the text that was parsed.
  const std::vector<Reference>& references() const;

 private:
  struct Parts;
  explicit Template(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}

  std::shared_ptr<const Parts> parts_;
};

}  // namespace tba::expression
