#include <array>

#include "shared/pages_reader.h"
#include "shared/retry_policy.h"
#include "shared/workflow_keys.h"

namespace tba {
namespace {

using namespace std::string_view_literals;

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
        .description = "http:// or https://, perhaps with a query; or with a credential a path "
                       "below its base URL"},
    Key{.name = "query",
        .type = KeyType::value_map,
        .description = "parameters that are put behind the URL",
        .takes_secrets = true},
    Key{.name = "headers",
        .type = KeyType::value_map,
        .description = "headers of the request",
        .takes_secrets = true},
    Key{.name = "json",
        .type = KeyType::value,
        .description = "data to send as JSON",
        .takes_secrets = true},
    Key{.name = "form",
        .type = KeyType::value_map,
        .description = "fields to send as application/x-www-form-urlencoded",
        .takes_secrets = true},
    Key{.name = "body",
        .type = KeyType::templated,
        .description = "text to send as it is",
        .takes_secrets = true},
    Key{.name = "follow_redirects", .type = KeyType::boolean, .description = "false if not given"},
    Key{.name = "max_bytes",
        .type = KeyType::size,
        .description = "the largest answer that is taken; 10MiB if not given"},
};
constexpr KeyTable kHttpTable{"http_request", "an http step", kHttpKeys};

constexpr std::array kApprovalKeys{
    Key{.name = "by",
        .type = KeyType::text_or_list,
        .description = "who may decide; everybody who may use the daemon if not given"},
    Key{.name = "message",
        .type = KeyType::templated,
        .description = "what those who decide are shown"},
};
constexpr std::array kOtherOfWaits{
    OtherWord{"timeout", "", "it is a key of the step: write it beside `wait`"}};
constexpr KeyTable kApprovalTable{"approval", "an approval", kApprovalKeys, {}, {}, kOtherOfWaits};

constexpr std::array kWaitKeys{
    Key{.name = "for", .type = KeyType::templated, .description = "how long: a duration"},
    Key{.name = "until",
        .type = KeyType::templated,
        .description = "until when: a time such as 2026-01-31T09:00:00Z, or seconds since 1970"},
    Key{.name = "event",
        .type = KeyType::templated,
        .description = "the name of an event that is waited for"},
    Key{.name = "match",
        .type = KeyType::condition,
        .description = "whether an event, as .event, is the one; any if not given"},
    Key{.name = "approval",
        .type = KeyType::table,
        .description = "somebody who says that it may go on",
        .table = &kApprovalTable},
};
constexpr std::array kWaitKinds{"for"sv, "until"sv, "event"sv, "approval"sv};
constexpr KeyTable kWaitTable{"wait", "a wait", kWaitKeys, kWaitKinds, {}, kOtherOfWaits};

constexpr std::array kChooseKeys{
    Key{.name = "when",
        .type = KeyType::condition,
        .description = "whether these steps are the ones; those before it were not"},
    Key{.name = "steps",
        .type = KeyType::table_list,
        .description = "what is done then",
        .table = &kStepTable},
    Key{.name = "else",
        .type = KeyType::table_list,
        .description = "what is done where no `when` was true",
        .table = &kStepTable},
};
constexpr std::array kChooseKinds{"when"sv, "else"sv};
constexpr std::array kOtherChoices{OtherWord{"if", "when"}, OtherWord{"default", "else"},
                                   OtherWord{"then", "steps"}, OtherWord{"do", "steps"},
                                   OtherWord{"otherwise", "else"}};
constexpr KeyTable kChooseTable{"choice", "a choice", kChooseKeys, kChooseKinds, {}, kOtherChoices};

constexpr std::array kCacheKeys{
    Key{.name = "key",
        .type = KeyType::value,
        .is_required = true,
        .description = "what the result depends on"},
    Key{.name = "for",
        .type = KeyType::duration,
        .is_required = true,
        .description = "how long a result is used again"},
};
constexpr KeyTable kCacheTable{"cache", "`cache`", kCacheKeys};

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
    Key{.name = "workflow",
        .type = KeyType::name,
        .description = "a workflow to run and to wait for"},
    Key{.name = "parallel",
        .type = KeyType::table_lists,
        .description = "lists of steps that are carried out beside each other, by name",
        .table = &kStepTable},
    Key{.name = "for_each",
        .type = KeyType::value_or_table,
        .description = "the items for each of which `steps` are carried out; or the call that "
                       "gives them page by page",
        .table = &kPagesTable},
    Key{.name = "choose",
        .type = KeyType::table_list,
        .description = "lists of steps of which the first whose `when` is true is carried out",
        .table = &kChooseTable},
    Key{.name = "notify",
        .type = KeyType::name,
        .description = "a target of `notify:` in config.yaml that is told"},
    Key{.name = "fail", .type = KeyType::templated, .description = "why the run fails here"},
    Key{.name = "steps",
        .type = KeyType::table_list,
        .description = "what `for_each` does with each item",
        .table = &kStepTable},
    Key{.name = "paginate",
        .type = KeyType::boolean_or_table,
        .description = "whether all pages of the list that is called for are gathered; or how much "
                       "of it",
        .table = &kPaginateTable},
    Key{.name = "max_parallel",
        .type = KeyType::integer,
        .description = "how many items `for_each` works on at once; 1 if not given",
        .minimum = 1,
        .maximum = 1000},
    Key{.name = "needs",
        .type = KeyType::text_or_list,
        .description = "steps of this list that come first; those that need none begin at once"},
    Key{.name = "continue_on_error",
        .type = KeyType::boolean,
        .description = "whether the run goes on where it fails; false if not given"},
    Key{.name = "cache",
        .type = KeyType::table,
        .description = "to use an earlier result again",
        .table = &kCacheTable},
    Key{.name = "with",
        .type = KeyType::value_map,
        .description = "the parameters of the endpoint that is called, the inputs of the workflow, "
                       "or what a target is told",
        .takes_secrets = true},
    Key{.name = "credential",
        .type = KeyType::name,
        .description = "the credential that `call` or `http` uses"},
    Key{.name = "env",
        .type = KeyType::value_map,
        .description = "environment variables of the program that is run",
        .takes_secrets = true},
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
        .table = &kStepRetryTable},
    Key{.name = "timeout",
        .type = KeyType::duration,
        .description = "how long one attempt, or the whole of a step that holds others, may take"},
    Key{.name = "effect",
        .type = KeyType::choice,
        .description = "what may be done when it is not known whether an attempt acted: repeat it, "
                       "repeat it with the same key, or never (once)",
        .choices = kEffects},
    Key{.name = "output",
        .type = KeyType::value,
        .description = "data that takes the place of body"},
};
constexpr std::array kPagesKeys{
    Key{.name = "call",
        .description = "connector/endpoint of the list whose items are done page by page"},
    Key{.name = "with",
        .type = KeyType::value_map,
        .description = "the parameters of the endpoint",
        .takes_secrets = true},
    Key{.name = "credential",
        .type = KeyType::name,
        .description = "the credential that it is called with"},
    Key{.name = "paginate",
        .type = KeyType::boolean_or_table,
        .description = "how much of the list is done; all of it if not given",
        .table = &kPaginateTable},
    Key{.name = "retry",
        .type = KeyType::table,
        .description = "what the call of a page is tried again for if it fails",
        .table = &kStepRetryTable},
    Key{.name = "timeout",
        .type = KeyType::duration,
        .description = "how long one attempt to get a page may take"},
    Key{.name = "effect",
        .type = KeyType::choice,
        .description = "what may be done when it is not known whether an attempt acted",
        .choices = kEffects},
};
constexpr std::array kPagesKinds{"call"sv};

constexpr std::array kStepKinds{"call"sv,   "http"sv,     "run"sv,      "set"sv,
                                "wait"sv,   "workflow"sv, "parallel"sv, "for_each"sv,
                                "choose"sv, "notify"sv,   "fail"sv};
constexpr std::array kLaterKinds{"store"sv, "ai"sv};
constexpr std::array kOtherWords{
    OtherWord{"environment", "env"},
    OtherWord{"inputs", "with"},
    OtherWord{"parameters", "with"},
    OtherWord{"uses", "call"},
    OtherWord{"script", "run"},
    OtherWord{"command", "run"},
    OtherWord{"when", "if"},
    OtherWord{"depends_on", "needs"},
    OtherWord{"do", "steps"},
    OtherWord{"foreach", "for_each"},
    OtherWord{"retries", "retry"},
    OtherWord{"sleep", "wait"},
    OtherWord{"switch", "choose"},
    OtherWord{"text", "", "what a target is told stands in `with:`"},
};

}  // namespace

constinit const KeyTable kPagesTable{"pages", "a `for_each` over pages", kPagesKeys, kPagesKinds};

constinit const KeyTable kStepTable{"step",     "a step",    kStepKeys,
                                    kStepKinds, kLaterKinds, kOtherWords};

}  // namespace tba
