#pragma once

#include <string>
#include <string_view>

#include <boost/system/result.hpp>

namespace tba {

/// What kind of failure an Error is: decides exit codes, HTTP statuses and whether a retry makes
/// sense, never the text.
enum class ErrorCode {
  invalid,      ///< The input is wrong; the same call will fail again.
  not_found,    ///< The named thing does not exist.
  conflict,     ///< It exists already, or is in a state that does not allow this.
  denied,       ///< The caller may not do this.
  unavailable,  ///< Not now: stopping, held, locked by another, out of space. A retry may succeed.
  limit_exceeded,  ///< A stated bound (size, depth, budget) was passed.
  timed_out,       ///< A deadline passed first.
  internal,        ///< A bug or a failure of the machine (I/O error, corrupt data).
};

/// The stable lower-case name of a code, as it stands in API answers and logs.
std::string_view name_of(ErrorCode code);

/// An expected failure. `message` is a sentence without a full stop that says what happened, to
/// what; `hint`, when there is one, says what to do. Neither ever holds a secret.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  std::string hint;
};

/// Gives the error with `context` and a colon before its message, for the way up: "while loading x:
/// no such file".
Error with_context(Error error, std::string_view context);

/// A value or an Error. Beware: a default-constructed Result holds a default-constructed T, that
/// is, success.
template <class T = void>
using Result = boost::system::result<T, Error>;

/// Called by Result::value() on a failure that nobody checked: a bug, thrown as std::logic_error.
[[noreturn]] void throw_exception_from_error(const Error& error,
                                             const boost::source_location& where);

}  // namespace tba
