#include "daemon/engine/definition.h"

#include <algorithm>

#include <sodium.h>

#include "shared/connector_catalog.h"
#include "shared/connector_reader.h"
#include "shared/diagnostic.h"
#include "shared/value/json.h"
#include "shared/workflow_reader.h"

namespace tba::engine {
namespace {

/// Feeds a text with its length before it, so that no two lists of texts give the same bytes.
void absorb(crypto_generichash_state& hash, std::string_view text) {
  const auto size = static_cast<std::uint64_t>(text.size());
  crypto_generichash_update(&hash, reinterpret_cast<const unsigned char*>(&size), sizeof size);
  crypto_generichash_update(&hash, reinterpret_cast<const unsigned char*>(text.data()),
                            text.size());
}

/// Effect of a request by its method (RFC 9110 section 9.2.2: which methods are idempotent).
Effect effect_of_method(std::string_view method, bool has_idempotency_key) {
  if (method != "POST" && method != "PATCH") return Effect::repeat;
  return has_idempotency_key ? Effect::keyed : Effect::once;
}

Result<std::string> text_member(const Value& object, std::string_view key) {
  const Value* member = object.find(key);
  if (!member || !member->is_string()) {
    return Error{ErrorCode::internal,
                 "a stored workflow version has no text '" + std::string(key) + "'", ""};
  }
  return std::string(member->as_string());
}

/// The steps whose bodies are the results of the lists that they end. Loops gather those of every
/// item, and what gets pages those of every page, so with one of them all are read.
void read_results_of_lists(const Workflow& workflow, Reads& reads) {
  for (const auto* step : workflow.all_steps()) {
    if (opens_scope(*step) || pages_of(*step)) reads.results.reset();
    if (!reads.results) return;
    for (const auto* list : lists_of(*step)) {
      if (!list->empty()) reads.results->push_back(list->back().id);
    }
  }
}

Reads reads_of(const Workflow& workflow) {
  using expression::Root;
  Reads reads;
  read_results_of_lists(workflow, reads);
  for (const auto& reference : workflow.references()) {
    const auto& keys = reference.keys;
    if (reference.root == Root::trigger) reads.trigger = true;
    if (reference.root != Root::steps || !reads.results) continue;
    if (keys.empty()) {
      reads.results.reset();
    } else if (keys.size() == 1 || (keys[1] != "outcome" && keys[1] != "error")) {
      if (std::ranges::find(*reads.results, keys[0]) == reads.results->end())
        reads.results->push_back(keys[0]);
    }
  }
  return reads;
}

/// Learns where each step of the list stands. `scope` is the loop that they are done in.
void learn(const std::vector<Step>& list, const Step* scope, const Step* container,
           Definition& definition) {
  for (const auto& step : list) {
    definition.steps.emplace(step.id, &step);
    definition.scopes[scope].push_back(&step);
    if (container) definition.containers.emplace(&step, container);
    if (const auto* pages = pages_of(step)) {
      const auto& call = pages->call.front();
      definition.steps.emplace(call.id, &call);
      definition.containers.emplace(&call, &step);
    }
    for (const auto* held : lists_of(step))
      learn(*held, opens_scope(step) ? &step : scope, &step, definition);
  }
}

}  // namespace

std::shared_ptr<const Definition> define(
    Workflow workflow,
    std::map<std::string, std::shared_ptr<const Connector>, std::less<>> connectors) {
  auto definition = std::make_shared<Definition>();
  crypto_generichash_state hash;
  crypto_generichash_init(&hash, nullptr, 0, definition->hash.size());
  absorb(hash, workflow.name);
  absorb(hash, workflow.text);
  for (const auto& [name, connector] : connectors) {
    absorb(hash, name);
    absorb(hash, connector->text);
  }
  crypto_generichash_final(&hash, definition->hash.data(), definition->hash.size());
  definition->reads = reads_of(workflow);
  definition->workflow = std::make_shared<const Workflow>(std::move(workflow));
  for (const auto phase :
       {RunPhase::steps, RunPhase::on_failure, RunPhase::on_success, RunPhase::finally}) {
    learn(definition->workflow->list_of(phase), nullptr, nullptr, *definition);
  }
  definition->connectors = std::move(connectors);
  return definition;
}

storage::WorkflowVersion version_of(const Definition& definition) {
  ObjectBuilder connectors;
  for (const auto& [name, connector] : definition.connectors) {
    connectors.put(name, Value::string(connector->text));
  }
  ObjectBuilder kept;
  kept.put("path", Value::string(definition.workflow->path));
  kept.put("text", Value::string(definition.workflow->text));
  kept.put("connectors", std::move(connectors).build());
  return {definition.hash, definition.workflow->name, to_json(std::move(kept).build())};
}

Result<std::shared_ptr<const Definition>> definition_from(const storage::WorkflowVersion& version) {
  const auto kept = parse_json(version.definition_json);
  if (!kept) return with_context(kept.error(), "a stored workflow version cannot be read");
  const auto path = text_member(*kept, "path");
  if (!path) return path.error();
  const auto text = text_member(*kept, "text");
  if (!text) return text.error();

  Diagnostics diagnostics;
  ConnectorCatalog catalog;
  std::map<std::string, std::shared_ptr<const Connector>, std::less<>> connectors;
  if (const Value* texts = kept->find("connectors")) {
    for (const auto& member : texts->members()) {
      auto connector_text = text_member(*texts, member.name);
      if (!connector_text) return connector_text.error();
      auto connector =
          read_connector(std::string(member.name), std::move(*connector_text), diagnostics);
      if (!connector) break;
      auto shared = std::make_shared<const Connector>(std::move(*connector));
      catalog.put(shared);
      connectors.emplace(member.name, std::move(shared));
    }
  }
  auto workflow =
      read_workflow(*path, *text, {.catalog = &catalog, .check_references = false}, diagnostics);
  if (!workflow || diagnostics.has_errors()) {
    return Error{ErrorCode::internal,
                 "the version of workflow '" + version.workflow +
                     "' that this run began with is not understood any more",
                 diagnostics.render(false)};
  }
  workflow->name = version.workflow;
  return define(std::move(*workflow), std::move(connectors));
}

Effect effect_of(const Connector& connector, std::string_view endpoint) {
  const Endpoint* found = connector.endpoint(endpoint);
  if (!found) return Effect::once;
  if (connector.plugin) return found->effect.value_or(Effect::once);
  return found->effect.value_or(
      effect_of_method(found->method, !connector.idempotency.header.empty()));
}

bool is_attempted(const Step& step) {
  return std::holds_alternative<CallStep>(step.action) ||
         std::holds_alternative<HttpStep>(step.action) ||
         std::holds_alternative<RunStep>(step.action) ||
         std::holds_alternative<NotifyStep>(step.action);
}

Effect effect_of(const Definition& definition, const Step& step) {
  if (step.effect) return *step.effect;
  if (const auto* call = std::get_if<CallStep>(&step.action)) {
    const auto found = definition.connectors.find(call->connector);
    if (found == definition.connectors.end()) return Effect::once;
    return effect_of(*found->second, call->endpoint);
  }
  if (const auto* http = std::get_if<HttpStep>(&step.action))
    return effect_of_method(http->method, false);
  return std::holds_alternative<RunStep>(step.action) ? Effect::once : Effect::repeat;
}

/// Who asks to come later has done nothing: a call is made again then, though nobody says so.
const RetryPolicy kWhenAskedToWait{
    .attempts = 5, .on_network = false, .on_timeout = false, .on_statuses = {429}};

RetryPolicy retry_policy_of(const Connector& connector, std::string_view endpoint) {
  const Endpoint* found = connector.endpoint(endpoint);
  if (found && found->retry) return *found->retry;
  return connector.retry.value_or(kWhenAskedToWait);
}

RetryPolicy retry_policy_of(const Definition& definition, const Step& step) {
  if (step.retry) return *step.retry;
  if (const auto* call = std::get_if<CallStep>(&step.action)) {
    const auto found = definition.connectors.find(call->connector);
    if (found != definition.connectors.end())
      return retry_policy_of(*found->second, call->endpoint);
  }
  return {};
}

bool opens_scope(const Step& step) {
  return std::holds_alternative<ForEachStep>(step.action);
}

RunPhase Definition::phase_of(const Step& step) const {
  const Step* outermost = &step;
  for (auto at = containers.find(outermost); at != containers.end();
       at = containers.find(outermost))
    outermost = at->second;
  for (const auto phase : {RunPhase::on_failure, RunPhase::on_success, RunPhase::finally}) {
    for (const auto& each : workflow->list_of(phase)) {
      if (&each == outermost) return phase;
    }
  }
  return RunPhase::steps;
}

const Step* Definition::step(std::string_view key) const {
  const auto last = key.substr(key.rfind('/') + 1);
  const auto found = steps.find(last.substr(0, last.find('[')));
  return found != steps.end() ? found->second : nullptr;
}

}  // namespace tba::engine
