#include "daemon/triggers/credential_watch.h"

#include <utility>

namespace tba::triggers {

namespace asio = boost::asio;

CredentialWatch::CredentialWatch(Environment environment)
    : environment_(std::move(environment)),
      tasks_(environment_.executor, environment_.log, "the watch on credentials") {}

void CredentialWatch::look() {
  if (stopping_) return;
  auto now = needs();
  for (const auto& [credential, need] : now) {
    if (!told_.contains(credential)) tasks_.spawn(raise(credential, need));
  }
  told_ = std::move(now);
}

std::map<std::string, CredentialWatch::Need> CredentialWatch::needs() const {
  std::map<std::string, Need> needs;
  const auto set = environment_.workflows.current();
  for (const auto& [name, loaded] : set->workflows) {
    for (const auto& credential : loaded.definition->workflow->credentials()) {
      auto reason = environment_.credentials.problem(credential);
      if (reason.empty()) continue;
      auto& need = needs[credential];
      need.reason = std::move(reason);
      need.workflows.push_back(name);
    }
  }
  return needs;
}

asio::awaitable<void> CredentialWatch::raise(std::string credential, Need need) {
  ArrayBuilder workflows;
  for (const auto& name : need.workflows) workflows.add(Value::string(name));
  auto data = Value::object({{"credential", Value::string(credential)},
                             {"reason", Value::string(need.reason)},
                             {"workflows", std::move(workflows).build()}});
  const auto raised = co_await environment_.events.raise("credential.needs_login", std::move(data));
  if (raised) co_return;
  environment_.log.error("a credential that needs a login could not be told of",
                         {{"credential", credential}, {"why", raised.error().message}});
}

asio::awaitable<void> CredentialWatch::stop() {
  stopping_ = true;
  co_await tasks_.wait();
}

}  // namespace tba::triggers
