#include "cli/error.h"

#include <stdexcept>
#include <utility>

namespace tba::cli {
namespace {

ExitCode exit_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
      return ExitCode::usage;
    case ErrorCode::not_found:
      return ExitCode::not_found;
    case ErrorCode::denied:
      return ExitCode::denied;
    case ErrorCode::timed_out:
      return ExitCode::timed_out;
    case ErrorCode::conflict:
    case ErrorCode::unavailable:
    case ErrorCode::limit_exceeded:
    case ErrorCode::internal:
      return ExitCode::failed;
  }
  return ExitCode::failed;
}

}  // namespace

CliError::CliError(ExitCode error_code, std::string error_message, std::string error_hint,
                   std::string error_details)
    : code(error_code),
      message(std::move(error_message)),
      hint(std::move(error_hint)),
      details(std::move(error_details)) {}

CliError from_error(const Error& error) {
  return {exit_code_of(error.code), error.message, error.hint};
}

CliError usage_error(std::string message, std::string hint) {
  return {ExitCode::usage, std::move(message), std::move(hint)};
}

void throw_exception_from_error(const CliError& error, const boost::source_location& where) {
  throw std::logic_error("unchecked failure at " + where.to_string() + ": " + error.message);
}

}  // namespace tba::cli
