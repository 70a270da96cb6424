#include <array>

#include "shared/workflow_keys.h"

namespace tba {
namespace {

using namespace std::string_view_literals;

constexpr std::array kVerifyChoices{"none"sv};
constexpr std::array kWebhookKeys{
    Key{.name = "connector",
        .type = KeyType::name,
        .description = "the connector that says how deliveries are checked and understood"},
    Key{.name = "event",
        .description = "the event that starts a run, such as issues.opened, or issues for each "
                       "action of it; every event if not given"},
    Key{.name = "credential",
        .type = KeyType::name,
        .description = "the credential whose webhook secret signs the deliveries"},
    Key{.name = "path", .description = "below /hooks/; the workflow's name if not given"},
    Key{.name = "verify",
        .type = KeyType::choice,
        .description = "none: take every delivery, whoever sent it",
        .choices = kVerifyChoices},
};
constexpr KeyTable kWebhookTable{"webhook_trigger", "a webhook trigger", kWebhookKeys};

constexpr std::array kGapChoices{"next"sv, "skip"sv};
constexpr std::array kOverlapChoices{"first"sv, "both"sv};
constexpr std::array kCatchUpChoices{"none"sv, "latest"sv, "all"sv};
constexpr std::array kScheduleKeys{
    Key{.name = "cron",
        .description = "minute, hour, day of the month, month, day of the week; perhaps the second "
                       "before them; or @daily and its like"},
    Key{.name = "every",
        .type = KeyType::duration,
        .description = "a period, counted from 1970-01-01T00:00:00Z; at least 1s"},
    Key{.name = "at",
        .type = KeyType::text_or_list,
        .description = "a time, or a list of times: 2026-12-24T18:00 in the time zone, or with an "
                       "offset; each fires once"},
    Key{.name = "timezone",
        .description = "whose clock `cron` and `at` go by, such as Europe/Berlin; UTC if not "
                       "given"},
    Key{.name = "on_gap",
        .type = KeyType::choice,
        .description = "what becomes of a time that is left out when the clock is put forward; "
                       "next, the instant of the change, if not given",
        .choices = kGapChoices},
    Key{.name = "on_overlap",
        .type = KeyType::choice,
        .description = "which counts of a time that comes twice when the clock is put back; first "
                       "if not given",
        .choices = kOverlapChoices},
    Key{.name = "catch_up",
        .type = KeyType::choice,
        .description = "which of the slots are made up for that passed while no daemon ran or the "
                       "workflow was held; none if not given",
        .choices = kCatchUpChoices},
    Key{.name = "jitter",
        .type = KeyType::duration,
        .description = "up to how much later a slot fires, always the same for a slot"},
};
constexpr std::array kScheduleKinds{"cron"sv, "every"sv, "at"sv};
constexpr KeyTable kScheduleTable{"schedule_trigger", "a schedule", kScheduleKeys, kScheduleKinds};

constexpr KeyTable kManualTable{"manual_trigger", "a manual trigger", {}};

constexpr std::array kTriggerKeys{
    Key{.name = "webhook",
        .type = KeyType::table,
        .description = "a run for each delivery of an event",
        .table = &kWebhookTable},
    Key{.name = "schedule",
        .type = KeyType::table,
        .description = "a run for each slot of a schedule",
        .table = &kScheduleTable},
    Key{.name = "manual",
        .type = KeyType::table,
        .description = "a run when somebody starts one",
        .table = &kManualTable},
};
constexpr std::array kTriggerKinds{"webhook"sv, "schedule"sv, "manual"sv};
}  // namespace

constinit const KeyTable kTriggerTable{"trigger", "a trigger", kTriggerKeys, kTriggerKinds};

}  // namespace tba
