#include <array>

#include "shared/pages_reader.h"
#include "shared/workflow_keys.h"

namespace tba {
namespace {

using namespace std::string_view_literals;

constexpr std::array kVerifyChoices{"none"sv};
constexpr std::array kMethodChoices{"POST"sv, "PUT"sv, "PATCH"sv, "GET"sv, "DELETE"sv};
constexpr std::array kRespondChoices{"accepted"sv, "result"sv};
constexpr std::array kDedupeChoices{"delivery_id"sv, "body"sv, "none"sv};
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
    Key{.name = "methods",
        .type = KeyType::choice_list,
        .description = "the methods that it takes; [POST] if not given",
        .choices = kMethodChoices},
    Key{.name = "allow_from",
        .type = KeyType::text_or_list,
        .description = "the addresses and networks, such as 192.0.2.0/24, from which requests are "
                       "taken; all if not given"},
    Key{.name = "match",
        .type = KeyType::condition,
        .description = "which deliveries it takes; all if not given"},
    Key{.name = "respond",
        .type = KeyType::choice,
        .description = "what the sender is answered: that the delivery was accepted (if not "
                       "given), or what the run comes to",
        .choices = kRespondChoices},
    Key{.name = "respond_within",
        .type = KeyType::duration,
        .description = "how long the run's result is waited for, at most 2m; 30s if not given"},
    Key{.name = "dedupe",
        .type = KeyType::choice,
        .description = "by what a delivery that comes again is known: the id that its sender gave "
                       "it (if not given), its body and query, or nothing",
        .choices = kDedupeChoices},
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

constexpr std::array kPollKeys{
    Key{.name = "call", .description = "connector/endpoint to call"},
    Key{.name = "with",
        .type = KeyType::value_map,
        .description = "the parameters of the endpoint; .trigger.cursor is what `cursor` gave last",
        .takes_secrets = true},
    Key{.name = "credential",
        .type = KeyType::name,
        .description = "the credential that it is called with"},
    Key{.name = "every",
        .type = KeyType::duration,
        .is_required = true,
        .description = "how long to wait between two polls; at least 1s"},
    Key{.name = "paginate",
        .type = KeyType::boolean_or_table,
        .description = "whether all pages of the list are asked for, or how much of it; "
                       ".trigger.body is then the items of all of them",
        .table = &kPaginateTable},
    Key{.name = "items",
        .type = KeyType::value,
        .description = "the list of items, the oldest first; .trigger.body, the answer's body, if "
                       "not given"},
    Key{.name = "key",
        .type = KeyType::templated,
        .is_required = true,
        .description = "what tells an item from all others, such as ${{ .item.id }}"},
    Key{.name = "match",
        .type = KeyType::condition,
        .description = "which items start a run; all if not given"},
    Key{.name = "cursor",
        .type = KeyType::value,
        .description = "what the next poll is to know of this one"},
    Key{.name = "baseline",
        .type = KeyType::boolean,
        .description = "true: the items that are there at first start nothing; true if not given"},
};
constexpr std::array kPollKinds{"call"sv};
constexpr KeyTable kPollTable{"poll_trigger", "a poll", kPollKeys, kPollKinds};

constexpr std::array kEventKeys{
    Key{.name = "name",
        .type = KeyType::text_or_list,
        .is_required = true,
        .description = "the event's name, or several of them"},
    Key{.name = "workflow",
        .type = KeyType::name,
        .description = "whose runs it is about, for run.failed and the like; any workflow's but "
                       "its own if not given"},
    Key{.name = "match",
        .type = KeyType::condition,
        .description = "which events it takes; all if not given"},
};
constexpr KeyTable kEventTable{"event_trigger", "an event trigger", kEventKeys};

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
    Key{.name = "poll",
        .type = KeyType::table,
        .description = "a run for each new item that an endpoint lists",
        .table = &kPollTable},
    Key{.name = "event",
        .type = KeyType::table,
        .description = "a run for each event of that name",
        .table = &kEventTable},
    Key{.name = "manual",
        .type = KeyType::table,
        .description = "a run when somebody starts one",
        .table = &kManualTable},
};
constexpr std::array kTriggerKinds{"webhook"sv, "schedule"sv, "poll"sv, "event"sv, "manual"sv};
}  // namespace

constinit const KeyTable kTriggerTable{"trigger", "a trigger", kTriggerKeys, kTriggerKinds};

}  // namespace tba
