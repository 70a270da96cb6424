#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "shared/connector_catalog.h"
#include "shared/diagnostic.h"
#include "shared/expression/program.h"
#include "shared/shape.h"
#include "shared/workflow.h"

namespace tba {

/// Where in a workflow an expression stands: decides what it may read.
struct ExpressionPlace {
  enum class Part {
    start,        ///< Before there is a run: the key of `concurrency`, what a trigger matches.
    poll,         ///< Likewise, for what a poll asks and makes of the answer.
    item,         ///< Likewise, for an item of the answer.
    env,          ///< Evaluated before the first step.
    step,         ///< Evaluated when a step begins, or goes on.
    event_match,  ///< Evaluated when an event has come that a step may be waiting for.
    retry,        ///< Evaluated when an attempt has failed; without a step: of any step.
    step_output,  ///< Evaluated when a step is done.
    output,       ///< Evaluated when all steps are done.
  };
  Part part = Part::output;
  int step = -1;  ///< Step::number, of those that belong to one.

  /// Whether it is evaluated before there is a run.
  bool is_before_run() const {
    return part == Part::start || part == Part::poll || part == Part::item;
  }
};

/// One read of the context by an expression of a workflow file.
struct ContextUse {
  expression::Reference reference;
  SourcePositions where;  ///< Of the scalar that the expression stands in.
  ExpressionPlace place;
  // Where it is all that a value consists of:
  std::string purpose = {};  ///< What that is for: "'if'", "parameter 'x'"; or empty.
  Shape wanted = {};         ///< What that must be.
};

/// What a workflow may refer to outside of its file.
struct WorkflowSurroundings {
  const ConnectorCatalog* catalog = nullptr;  ///< Null: connectors are not checked.
  const Value* vars = nullptr;  ///< The configuration's `vars:`; null: they are not checked.
  /// Whether what expressions refer to is checked. Not for a version that was in force before: it
  /// passed the rules of its time.
  bool check_references = true;
};

/// Checks what the expressions of a workflow read of the context: whether it exists at all, and by
/// the time the expression is evaluated. Fields of data that comes from outside are known as far as
/// the connectors describe them; where a description leaves room for others, a name that looks
/// like a slip is only warned of.
void check_references(const Workflow& workflow, std::span<const ContextUse> uses,
                      const WorkflowSurroundings& surroundings, Diagnostics& diagnostics);

}  // namespace tba
