#include "shared/workflow_keys.h"

#include <array>

#include "shared/retry_policy.h"
#include "shared/value_type.h"

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

constexpr std::array kWhenBusyChoices{"queue"sv, "skip"sv, "cancel-oldest"sv};
constexpr std::array kConcurrencyKeys{
    Key{.name = "limit",
        .type = KeyType::integer,
        .description = "how many runs may go on at once; 1 if not given",
        .minimum = 1,
        .maximum = 1'000'000},
    Key{.name = "key",
        .type = KeyType::templated,
        .description = "each value of it has a limit of its own"},
    Key{.name = "when_busy",
        .type = KeyType::choice,
        .description = "what happens to a run beyond the limit: it waits for its turn (queue, if "
                       "not given), is not carried out (skip), or takes the place of the oldest",
        .choices = kWhenBusyChoices},
};
constexpr KeyTable kConcurrencyTable{"concurrency", "`concurrency`", kConcurrencyKeys};

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
    Key{.name = "concurrency",
        .type = KeyType::table,
        .description = "how many runs may go on at once",
        .table = &kConcurrencyTable},
    Key{.name = "timeout",
        .type = KeyType::duration,
        .description = "how long a run may take in all"},
    Key{.name = "retry",
        .type = KeyType::table,
        .description = "the retry policy of the steps that have none of their own",
        .table = &kStepRetryTable},
    Key{.name = "steps",
        .type = KeyType::table_list,
        .is_required = true,
        .description = "what is done, in this order",
        .table = &kStepTable},
    Key{.name = "on_failure",
        .type = KeyType::table_list,
        .description = "what is done where a step has failed",
        .table = &kStepTable},
    Key{.name = "on_success",
        .type = KeyType::table_list,
        .description = "what is done once all steps are",
        .table = &kStepTable},
    Key{.name = "finally",
        .type = KeyType::table_list,
        .description = "what is done at the end, however the run went",
        .table = &kStepTable},
    Key{.name = "output",
        .type = KeyType::value,
        .description = "the result of a run that succeeded"},
};

constexpr std::array kOtherWords{
    OtherWord{"trigger", "on"},        OtherWord{"triggers", "on"},
    OtherWord{"when", "on"},           OtherWord{"environment", "env"},
    OtherWord{"jobs", "steps"},        OtherWord{"on_error", "on_failure"},
    OtherWord{"outputs", "output"},    OtherWord{"always", "finally"},
    OtherWord{"title", "description"},
};

}  // namespace

constinit const KeyTable kWorkflowTable{"workflow", "a workflow", kWorkflowKeys,
                                        {},         {},           kOtherWords};

}  // namespace tba
