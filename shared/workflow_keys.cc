#include "shared/workflow_keys.h"

#include <array>

#include "shared/connector_keys.h"

namespace tba {
namespace {

using namespace std::string_view_literals;

constexpr std::array kInputKeys{
    Key{.name = "type",
        .type = KeyType::choice,
        .description = "what the value must be; any if not given",
        .choices = kValueTypeNames},
    Key{.name = "default",
        .type = KeyType::literal,
        .description = "the value where none is given; without one the input is required"},
    Key{.name = "description", .description = "what it means"},
};
constexpr KeyTable kInputTable{"input", "an input", kInputKeys};

constexpr std::array kMethods{"GET"sv,   "HEAD"sv,   "POST"sv,   "PUT"sv,
                              "PATCH"sv, "DELETE"sv, "OPTIONS"sv};
constexpr std::array kHttpKeys{
    Key{.name = "method",
        .type = KeyType::choice,
        .description = "GET if not given",
        .choices = kMethods},
    Key{.name = "url",
        .type = KeyType::templated,
        .is_required = true,
        .description = "http:// or https://, perhaps with a query"},
    Key{.name = "query",
        .type = KeyType::value_map,
        .description = "parameters that are put behind the URL"},
    Key{.name = "headers", .type = KeyType::value_map, .description = "headers of the request"},
    Key{.name = "json", .type = KeyType::value, .description = "data to send as JSON"},
    Key{.name = "form",
        .type = KeyType::value_map,
        .description = "fields to send as application/x-www-form-urlencoded"},
    Key{.name = "body", .type = KeyType::templated, .description = "text to send as it is"},
    Key{.name = "follow_redirects", .type = KeyType::boolean, .description = "false if not given"},
    Key{.name = "max_bytes",
        .type = KeyType::size,
        .description = "the largest answer that is taken; 10MiB if not given"},
};
constexpr KeyTable kHttpTable{"http_request", "an http step", kHttpKeys};

constexpr std::array kWaitKeys{
    Key{.name = "for",
        .type = KeyType::templated,
        .is_required = true,
        .description = "how long: a duration"},
};
constexpr KeyTable kWaitTable{"wait", "a wait", kWaitKeys};

constexpr std::array kEffects{"repeat"sv, "keyed"sv, "once"sv};
constexpr std::array kFormats{"text"sv, "json"sv};
constexpr std::array kStepKeys{
    Key{.name = "id",
        .type = KeyType::name,
        .description = "what expressions call it by: .steps.<id>"},
    Key{.name = "name", .description = "a title for people"},
    Key{.name = "if",
        .type = KeyType::condition,
        .description = "whether it is done; it is skipped where this is false"},
    Key{.name = "call", .description = "connector/endpoint to call"},
    Key{.name = "http",
        .type = KeyType::table,
        .description = "an HTTP request to send",
        .table = &kHttpTable},
    Key{.name = "run",
        .type = KeyType::text_or_list,
        .description = "a program and its arguments, as a list; or a script, as text",
        .instead_of_expression = "give the value in `env:` and let the program read the variable: "
                                 "text is never put into a command"},
    Key{.name = "set", .type = KeyType::value_map, .description = "data to make"},
    Key{.name = "wait", .type = KeyType::table, .description = "a pause", .table = &kWaitTable},
    Key{.name = "with",
        .type = KeyType::value_map,
        .description = "the parameters of the endpoint that is called"},
    Key{.name = "credential",
        .type = KeyType::name,
        .description = "the credential that `call` or `http` uses"},
    Key{.name = "env",
        .type = KeyType::value_map,
        .description = "environment variables of the program that is run"},
    Key{.name = "shell",
        .type = KeyType::text_list,
        .description = "the interpreter that gets the script as its last argument; "
                       "[/bin/sh, -ec] if not given"},
    Key{.name = "format",
        .type = KeyType::choice,
        .description = "json: read what the program prints as JSON, into body",
        .choices = kFormats},
    Key{.name = "retry",
        .type = KeyType::table,
        .description = "what it is tried again for if it fails",
        .table = &kRetryTable},
    Key{.name = "timeout",
        .type = KeyType::duration,
        .description = "how long one attempt may take"},
    Key{.name = "effect",
        .type = KeyType::choice,
        .description = "what may be done when it is not known whether an attempt acted: repeat it, "
                       "repeat it with the same key, or never (once)",
        .choices = kEffects},
    Key{.name = "output",
        .type = KeyType::value,
        .description = "data that takes the place of body"},
};
constexpr std::array kStepKinds{"call"sv, "http"sv, "run"sv, "set"sv, "wait"sv};

}  // namespace

constinit const KeyTable kStepTable{"step", "a step", kStepKeys, kStepKinds};

namespace {

constexpr std::array kWorkflowKeys{
    Key{.name = "name",
        .type = KeyType::name,
        .description = "unique; the file's name if not given"},
    Key{.name = "description", .description = "what it is for"},
    Key{.name = "on",
        .type = KeyType::table_or_list,
        .is_required = true,
        .description = "what starts it",
        .table = &kTriggerTable},
    Key{.name = "inputs",
        .type = KeyType::table_map,
        .description = "typed values that a run starts with",
        .table = &kInputTable},
    Key{.name = "env",
        .type = KeyType::value_map,
        .description = "values that expressions read as .env"},
    Key{.name = "timeout",
        .type = KeyType::duration,
        .description = "how long a run may take in all"},
    Key{.name = "retry",
        .type = KeyType::table,
        .description = "the retry policy of the steps that have none of their own",
        .table = &kRetryTable},
    Key{.name = "steps",
        .type = KeyType::table_list,
        .is_required = true,
        .description = "what is done, in this order",
        .table = &kStepTable},
    Key{.name = "on_failure",
        .type = KeyType::table_list,
        .description = "what is done where a step has failed",
        .table = &kStepTable},
    Key{.name = "output",
        .type = KeyType::value,
        .description = "the result of a run that succeeded"},
};

}  // namespace

constinit const KeyTable kWorkflowTable{"workflow", "a workflow", kWorkflowKeys};

}  // namespace tba
