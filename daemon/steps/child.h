#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "daemon/file_descriptor.h"
#include "daemon/steps/process.h"
#include "shared/error.h"

namespace tba::steps {

/// A program just started: its descriptors on our side, non-blocking.
struct Child {
  pid_t id = -1;
  FileDescriptor handle;  ///< A pidfd: readable once the program has ended.
  FileDescriptor in, out, err;
};

/// Starts the program in a session of its own. It is killed when the calling *thread* ends. Blocks
/// until the program runs or is known not to. Errors as ProcessRunner::run().
Result<Child> spawn(const ProcessRequest& request);

}  // namespace tba::steps
