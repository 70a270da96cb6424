#include "shared/trigger_reader.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "shared/key_table.h"
#include "shared/schedule_reader.h"
#include "shared/workflow_keys.h"

namespace tba {
namespace {

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
    if (!fields.has("verify")) check_webhook_connector(fields);
    check_webhook_path(fields, trigger);
    workflow_.triggers.emplace_back(std::move(trigger));
  }

  void check_webhook_connector(const Fields& fields) {
    const auto* name = fields.find("connector");
    if (name == nullptr || reading_.catalog() == nullptr) return;
    const auto connector = reading_.find_connector(*name, 0, name->text);
    if (!connector) return;
    if (!connector->webhook) {
      name->error(diagnostics(), fmt::format("connector '{}' describes no webhooks", name->text));
    } else if (const auto* event = fields.find("event");
               event != nullptr && connector->webhook->event_header.empty()) {
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
      if (webhook->connector == trigger.connector && webhook->credential == trigger.credential) {
        continue;
      }
      fields.node().error(
          diagnostics(),
          fmt::format("two webhooks at '{}' are verified in different ways", trigger.path),
          "give one of them a `path` of its own");
    }
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

  using Read = void (TriggerReader::*)(const yaml::Node&, const KeyTable&);
  static const std::array<std::pair<std::string_view, Read>, 3> kReaders;

  Workflow& workflow_;
  WorkflowReading& reading_;
};

const std::array<std::pair<std::string_view, TriggerReader::Read>, 3> TriggerReader::kReaders{{
    {"webhook", &TriggerReader::read_webhook},
    {"schedule", &TriggerReader::read_schedule},
    {"manual", &TriggerReader::read_manual},
}};

}  // namespace

std::string_view read_trigger(const yaml::Node& node, Workflow& workflow,
                              WorkflowReading& reading) {
  return TriggerReader(workflow, reading).read(node);
}

}  // namespace tba
