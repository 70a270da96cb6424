#pragma once

#include <functional>
#include <string>
#include <vector>

#include "shared/diagnostic.h"

namespace tba {

struct Workflow;

/// Something beyond its own file that a workflow names, and that may be there or not when it runs.
struct OutsideName {
  enum class Kind {
    workflow,            ///< To be run by a step, or whose runs' events start this one.
    notify_target,       ///< In `notify:` of the configuration.
    webhook_credential,  ///< That deliveries are checked by.
    call_credential,     ///< That an endpoint is called with.
    request_credential,  ///< That an `http` step uses.
    secret,              ///< A credential of which a field is given away.
  };
  Kind kind = Kind::workflow;
  std::string name = {};
  /// Of webhook_credential and call_credential; of a secret that an endpoint is given, its; or
  /// empty.
  std::string connector = {};
  std::string field = {};  ///< Of a secret.
  /// Of request_credential, and of a secret that an `http` step sends: the beginning of the URL,
  /// its origin included, as far as the file says it; else empty.
  std::string url = {};
  SourcePositions where = {};  ///< Of the scalar that says it.

  bool is_credential() const { return kind != Kind::workflow && kind != Kind::notify_target; }
};

/// What there is of something.
struct KnownNames {
  std::vector<std::string> names;
  bool is_complete = true;  ///< Whether there can be no others.
};

/// What is known of the world that a workflow is to run in.
struct Outside {
  const KnownNames* workflows = nullptr;       ///< Null: they are not checked.
  const KnownNames* notify_targets = nullptr;  ///< Null: they are not checked.
  /// Why a credential, or a field of it, cannot be used as it is meant; empty where it can. An
  /// empty function: they are not checked.
  std::function<std::string(const OutsideName&)> credential_problem = {};
};

/// Checks what the workflow names: what surely is not there is an error, what may not be there, or
/// may yet be set, is only warned of.
void check_outside_names(const Workflow& workflow, const Outside& outside,
                         Diagnostics& diagnostics);

}  // namespace tba
