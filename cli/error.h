#pragma once

#include <string>

#include <boost/system/result.hpp>

#include "shared/error.h"

namespace tba::cli {

/// What the program ends with; scripts rely on these numbers.
enum class ExitCode : int {
  done = 0,
  failed = 1,        ///< The run, or the operation, failed.
  usage = 2,         ///< The command line, or the values on it, are wrong.
  not_found = 3,     ///< No such workflow, run, credential…
  denied = 4,        ///< Not allowed.
  no_daemon = 5,     ///< Nobody answers on the home's socket.
  invalid_file = 6,  ///< A file, or an expression, has errors.
  timed_out = 7,
};

/// Why a command could not do its work, for a person: `message` says what happened, `hint` (may be
/// empty) what to do, `details` (may be empty) is text of several lines to show in between, such as
/// the problems of a file.
struct CliError {
  CliError() = default;
  CliError(ExitCode error_code, std::string error_message, std::string error_hint = {},
           std::string error_details = {});

  ExitCode code = ExitCode::failed;
  std::string message;
  std::string hint;
  std::string details;
};

template <class T = void>
using Outcome = boost::system::result<T, CliError>;

/// A failure of the shared libraries as one of a command.
CliError from_error(const Error& error);

/// A wrong command line.
CliError usage_error(std::string message, std::string hint = {});

/// Called by Outcome::value() on a failure that nobody checked: a bug, thrown as std::logic_error.
[[noreturn]] void throw_exception_from_error(const CliError& error,
                                             const boost::source_location& where);

}  // namespace tba::cli
