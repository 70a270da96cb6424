#include "cli/trigger_text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/json_fields.h"

namespace tba::cli {
namespace {

std::string trigger_text(const Json& trigger) {
  const std::string kind = text_of(trigger, "kind");
  if (kind == "webhook") {
    const std::string event = text_of(trigger, "event");
    return fmt::format("{} at {}", event.empty() ? "any event" : event, text_of(trigger, "path"));
  }
  if (kind == "schedule") return text_of(trigger, "schedule");
  if (kind == "poll") {
    const std::string problem = text_of(trigger, "problem");
    return fmt::format("{} every {}{}", text_of(trigger, "call"), text_of(trigger, "every"),
                       problem.empty() ? "" : fmt::format(" (fails: {})", problem));
  }
  if (kind == "event") {
    const std::string workflow = text_of(trigger, "workflow");
    return fmt::format("{}{}", joined(member_of(trigger, "names"), ", "),
                       workflow.empty() ? "" : " of " + workflow);
  }
  if (kind == "manual") return "by hand";
  return kind;
}

}  // namespace

std::string triggers_text(const Json& triggers) {
  std::string text;
  if (!triggers.is_array()) return text;
  for (const auto& trigger : triggers) {
    if (!text.empty()) text += "; ";
    text += trigger_text(trigger);
  }
  return text;
}

}  // namespace tba::cli
