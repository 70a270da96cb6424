#include "shared/outside_names.h"

#include <catch2/catch.hpp>

#include "shared/workflow_reader.h"

using tba::Diagnostics;
using tba::KnownNames;
using tba::Outside;
using tba::OutsideName;

namespace {

const char* const kText = R"(on: { event: { name: run.failed, workflow: nightli } }
steps:
  - workflow: report
  - notify: officer
  - http: { url: "https://far.example" }
    credential: bot
  - run: [./a]
    env: { TOKEN: !secret bot.tokn }
)";

std::string told(const Outside& outside) {
  Diagnostics reading;
  const auto workflow = tba::read_workflow("a.yaml", kText, {}, reading);
  INFO(reading.render());
  REQUIRE(workflow);
  Diagnostics diagnostics;
  check_outside_names(*workflow, outside, diagnostics);
  return diagnostics.render();
}

}  // namespace

TEST_CASE("outside names: what nothing is known of is not checked") {
  CHECK(told({}).empty());
}

TEST_CASE("outside names: what surely is not there is an error") {
  const KnownNames workflows{{"nightly", "report"}};
  const KnownNames targets{{"officers"}};
  CHECK(told({.workflows = &workflows, .notify_targets = &targets}) ==
        R"(a.yaml:1:44: error: there is no workflow 'nightli' (did you mean 'nightly'?)
    1 | on: { event: { name: run.failed, workflow: nightli } }
      |                                            ^~~~~~~
      hint: it has to be in a folder that the daemon reads its workflows from
a.yaml:4:13: error: there is no target 'officer' to notify (did you mean 'officers'?)
    4 |   - notify: officer
      |             ^~~~~~~
      hint: name it in `notify:` of config.yaml
)");
}

TEST_CASE("outside names: what may be elsewhere is warned of") {
  const KnownNames workflows{{"nightly"}, false};
  CHECK(told({.workflows = &workflows}) ==
        R"(a.yaml:1:44: warning: no workflow 'nightli' is known here (did you mean 'nightly'?)
    1 | on: { event: { name: run.failed, workflow: nightli } }
      |                                            ^~~~~~~
      hint: it has to be in a folder that the daemon reads its workflows from
a.yaml:3:15: warning: no workflow 'report' is known here
    3 |   - workflow: report
      |               ^~~~~~
      hint: it has to be in a folder that the daemon reads its workflows from
)");
}

TEST_CASE("outside names: a credential that cannot be used is warned of where it is named") {
  const auto problem = [](const OutsideName& name) {
    return name.kind == OutsideName::Kind::secret
               ? "credential '" + name.name + "' has no field '" + name.field + "'"
               : "";
  };
  CHECK(told({.credential_problem = problem}) ==
        R"(a.yaml:8:27: warning: credential 'bot' has no field 'tokn'
    8 |     env: { TOKEN: !secret bot.tokn }
      |                           ^~~
      hint: the workflow is held until that is mended
)");
}
