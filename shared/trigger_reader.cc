#include "shared/trigger_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "shared/action_reader.h"
#include "shared/connector_catalog.h"
#include "shared/event_names.h"
#include "shared/ip_network_reader.h"
#include "shared/key_table.h"
#include "shared/pages_reader.h"
#include "shared/schedule_reader.h"
#include "shared/suggestion.h"
#include "shared/workflow_keys.h"

namespace tba {
namespace {

using expression::Mapping;
using Part = ExpressionPlace::Part;

class TriggerReader {
 public:
  TriggerReader(Workflow& workflow, WorkflowReading& reading)
      : workflow_(workflow), reading_(reading) {}

  std::string_view read(const yaml::Node& node) {
    const auto& table = *kWorkflowTable.find("on")->table;
    const Fields trigger(node, table, diagnostics());
    for (const auto& [kind, read_kind] : kReaders) {
      if (trigger.chosen() != kind) continue;
      const auto* value = trigger.find(kind);
      if (value == nullptr) return {};
      (this->*read_kind)(*value, *table.find(kind)->table);
      return kind;
    }
    return {};
  }

 private:
  Diagnostics& diagnostics() const { return reading_.diagnostics(); }

  void read_manual(const yaml::Node& node, const KeyTable& table) {
    const Fields fields(node, table, diagnostics());
    workflow_.triggers.emplace_back(ManualTrigger{});
  }

  void read_webhook(const yaml::Node& node, const KeyTable& table) {
    const Fields fields(node, table, diagnostics());
    WebhookTrigger trigger;
    trigger.connector = fields.text("connector");
    trigger.event = fields.text("event");
    trigger.credential = fields.text("credential");
    trigger.path = fields.text("path", workflow_.name);
    if (fields.has("verify")) {
      for (const auto* key : {"connector", "event", "credential"}) {
        if (const auto* written = fields.key(key)) {
          written->error(diagnostics(),
                         fmt::format("'{}' makes no sense with `verify: none`", key));
        }
      }
    } else if (!fields.has("connector") || !fields.has("credential")) {
      node.error(diagnostics(), "this webhook would take deliveries from anybody",
                 "name the `connector` and the `credential` to verify them by, or say "
                 "`verify: none`");
      return;
    }
    if (const auto* credential = fields.find("credential")) {
      reading_.note({.kind = OutsideName::Kind::webhook_credential,
                     .name = credential->text,
                     .connector = trigger.connector,
                     .where = credential->where});
    }
    if (fields.has("methods")) trigger.methods = fields.texts("methods");
    trigger.allow_from = read_networks(fields, "allow_from");
    if (const auto* match = fields.find("match")) trigger.match = read_match(*match, Part::start);
    read_respond(fields, trigger);
    read_dedupe(fields, trigger);
    if (!fields.has("verify")) check_webhook_connector(fields);
    check_webhook_path(fields, trigger);
    workflow_.triggers.emplace_back(std::move(trigger));
  }

  void read_respond(const Fields& fields, WebhookTrigger& trigger) {
    using std::chrono_literals::operator""s;
    if (fields.text("respond") == "result") {
      trigger.respond = WebhookTrigger::Respond::result;
      trigger.respond_within = fields.duration("respond_within").value_or(30s);
      if (trigger.respond_within > 0s && trigger.respond_within <= WebhookTrigger::kLongestWait)
        return;
      fields.find("respond_within")->error(diagnostics(), "a result is waited for up to 2m");
    } else if (const auto* within = fields.key("respond_within")) {
      within->error(diagnostics(), "'respond_within' makes no sense without `respond: result`");
    }
  }

  void read_dedupe(const Fields& fields, WebhookTrigger& trigger) {
    using Dedupe = WebhookTrigger::Dedupe;
    const auto by = fields.text("dedupe");
    if (by == "body") trigger.dedupe = Dedupe::body;
    if (by == "none") trigger.dedupe = Dedupe::none;
    if (by != "delivery_id") return;
    const auto connector =
        reading_.catalog() != nullptr ? reading_.catalog()->find(trigger.connector) : nullptr;
    const bool has_id =
        !connector || !connector->webhook || connector->webhook->delivery_id.is_known();
    if (fields.has("verify") || !has_id) {
      fields.find("dedupe")->error(diagnostics(), "nothing says where a delivery's id is",
                                   "`dedupe: body` knows a delivery by what it holds");
    }
  }

  /// The `match` of a trigger.
  Mapping read_match(const yaml::Node& node, Part part) {
    const bool is_expression = node.text.starts_with("${{") && node.text.ends_with("}}") &&
                               node.text.find("${{", 3) == std::string::npos;
    auto match = reading_.read_data(node, {part});
    if (!is_expression && !(match.is_constant() && match.as_constant().is_boolean())) {
      node.error(
          diagnostics(), "'match' must be true, false or one expression",
          node.text.find("${{") != std::string::npos ? "put all of it into one ${{ … }}" : "");
    }
    return match;
  }

  void check_webhook_connector(const Fields& fields) {
    const auto* name = fields.find("connector");
    if (name == nullptr || reading_.catalog() == nullptr) return;
    const auto connector = reading_.find_connector(*name, 0, name->text);
    if (!connector) return;
    if (!connector->webhook) {
      name->error(diagnostics(), fmt::format("connector '{}' describes no webhooks", name->text));
    } else if (const auto* event = fields.find("event");
               event != nullptr && !connector->webhook->event.is_known()) {
      event->error(
          diagnostics(),
          fmt::format("connector '{}' does not say what event a delivery is of", name->text));
    }
  }

  void check_webhook_path(const Fields& fields, const WebhookTrigger& trigger) {
    if (const auto* path = fields.find("path")) {
      constexpr std::string_view kAllowed =
          "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
      const auto bad = path->text.find_first_not_of(kAllowed);
      if (bad != std::string::npos) {
        diagnostics().error(path->where, bad, 1, "a webhook's path cannot hold this character",
                            "letters, digits, - . _ ~ and / between them");
      } else if (path->text.empty() || path->text.front() == '/' || path->text.back() == '/' ||
                 path->text.find("//") != std::string::npos ||
                 path->text.find("..") != std::string::npos) {
        path->error(diagnostics(), fmt::format("'{}' is not the path of a webhook", path->text),
                    "parts with a '/' between them, below /hooks/");
      }
    }
    for (const auto& other : workflow_.triggers) {
      const auto* webhook = std::get_if<WebhookTrigger>(&other);
      if (webhook == nullptr || webhook->path != trigger.path) continue;
      const auto difference = difference_between(*webhook, trigger);
      if (difference.empty()) continue;
      fields.node().error(diagnostics(),
                          fmt::format("two webhooks at '{}' are {}", trigger.path, difference),
                          "give one of them a `path` of its own");
    }
  }

  /// In what two webhooks differ that have to be alike where their path is; empty if in nothing.
  static std::string_view difference_between(const WebhookTrigger& one,
                                             const WebhookTrigger& other) {
    if (one.connector != other.connector || one.credential != other.credential)
      return "verified in different ways";
    if (one.dedupe != other.dedupe) return "deduplicated in different ways";
    return one.allow_from == other.allow_from ? "" : "open to different addresses";
  }

  void read_schedule(const yaml::Node& node, const KeyTable& table) {
    auto trigger = read_schedule_trigger({node, table, diagnostics()});
    if (!trigger) return;
    for (const auto& other : workflow_.triggers) {
      const auto* schedule = std::get_if<ScheduleTrigger>(&other);
      if (schedule == nullptr) continue;
      if (identity_of(schedule->schedule) != identity_of(trigger->schedule)) continue;
      node.error(diagnostics(), "this schedule is there already: a slot starts one run");
      return;
    }
    workflow_.triggers.emplace_back(*std::move(trigger));
  }

  void read_poll(const yaml::Node& node, const KeyTable& table) {
    const Fields fields(node, table, diagnostics());
    if (fields.chosen().empty()) return;
    auto call = std::get<CallStep>(read_action(fields, {Part::poll}, reading_));
    PollTrigger poll;
    poll.connector = std::move(call.connector);
    poll.endpoint = std::move(call.endpoint);
    poll.with = std::move(call.with);
    poll.credential = fields.text("credential");
    if (const auto* credential = fields.find("credential")) {
      reading_.note({.kind = OutsideName::Kind::call_credential,
                     .name = credential->text,
                     .connector = poll.connector,
                     .where = credential->where});
    }
    poll.baseline = fields.boolean("baseline", true);
    if (const auto every = fields.duration("every")) {
      poll.every = *every;
      if (*every < std::chrono::seconds(1))
        fields.find("every")->error(diagnostics(), "a poll waits at least 1s");
    }
    if (const auto* paginate = fields.find("paginate");
        paginate != nullptr && fields.boolean("paginate", true)) {
      poll.paginate = read_page_caps(*paginate, diagnostics());
      check_has_pages(poll.connector, poll.endpoint, *fields.key("paginate"), reading_);
    }
    poll.items = read_items(fields);
    if (const auto* key = fields.find("key")) {
      poll.key = reading_.read_data(*key, {Part::item});
      if (poll.key.is_constant()) {
        key->error(diagnostics(), "all items would have the same key", "such as ${{ .item.id }}");
      }
    }
    if (const auto* match = fields.find("match")) poll.match = read_match(*match, Part::item);
    if (const auto* cursor = fields.find("cursor"))
      poll.cursor = reading_.read_data(*cursor, {Part::poll});
    workflow_.triggers.emplace_back(std::move(poll));
  }

  Mapping read_items(const Fields& fields) {
    if (const auto* items = fields.find("items")) return reading_.read_data(*items, {Part::poll});
    auto body = expression::Template::parse("${{ .trigger.body }}");
    return Mapping::text(*std::move(body), fields.node().where);
  }

  void read_event(const yaml::Node& node, const KeyTable& table) {
    const Fields fields(node, table, diagnostics());
    EventTrigger trigger;
    trigger.names = fields.texts("name");
    trigger.workflow = fields.text("workflow");
    if (const auto* names = fields.find("name")) {
      if (names->kind == yaml::Node::Kind::scalar) check_event(*names);
      for (const auto& name : names->items) check_event(*name);
    }
    if (const auto* match = fields.find("match")) trigger.match = read_match(*match, Part::start);
    if (fields.has("workflow")) check_event_workflow(fields, trigger);
    workflow_.triggers.emplace_back(std::move(trigger));
  }

  void check_event(const yaml::Node& name) {
    const auto known = built_in_events();
    if (!is_event_name(name.text)) {
      name.error(diagnostics(), fmt::format("'{}' cannot name an event", name.text),
                 "words of letters, digits, '_' and '-' with dots between them");
    } else if (is_reserved_event(name.text) && std::ranges::find(known, name.text) == known.end()) {
      const std::vector<std::string> names(known.begin(), known.end());
      name.error(diagnostics(),
                 fmt::format("there is no event '{}'{}", name.text, did_you_mean(name.text, names)),
                 "the daemon's own are: " + listed(names));
    }
  }

  void check_event_workflow(const Fields& fields, const EventTrigger& trigger) {
    if (!std::ranges::all_of(trigger.names, is_run_event)) {
      fields.key("workflow")
          ->error(diagnostics(), "only run.failed and the like are of a workflow");
    } else if (trigger.workflow == workflow_.name) {
      fields.find("workflow")
          ->error(diagnostics(), "a workflow is not started by the end of its own runs",
                  "do it in its `on_failure`, `on_success` or `finally`");
    } else if (const auto* name = fields.find("workflow")) {
      reading_.note(
          {.kind = OutsideName::Kind::workflow, .name = name->text, .where = name->where});
    }
  }

  using Read = void (TriggerReader::*)(const yaml::Node&, const KeyTable&);
  static const std::array<std::pair<std::string_view, Read>, 5> kReaders;

  Workflow& workflow_;
  WorkflowReading& reading_;
};

const std::array<std::pair<std::string_view, TriggerReader::Read>, 5> TriggerReader::kReaders{{
    {"webhook", &TriggerReader::read_webhook},
    {"schedule", &TriggerReader::read_schedule},
    {"poll", &TriggerReader::read_poll},
    {"event", &TriggerReader::read_event},
    {"manual", &TriggerReader::read_manual},
}};

}  // namespace

std::string_view read_trigger(const yaml::Node& node, Workflow& workflow,
                              WorkflowReading& reading) {
  return TriggerReader(workflow, reading).read(node);
}

}  // namespace tba
