#include <catch2/catch.hpp>

#include "shared/connector_keys.h"
#include "shared/mail_connector.h"
#include "shared/plugin.h"
#include "shared/value_type.h"
#include "shared/workflow_keys.h"
#include "tests/support/accepted.h"
#include "tests/support/json_schema.h"

using tba::tests::check_accepted;
using tba::tests::json_schema;

TEST_CASE("schema: that of workflow files is that of the reader's tables") {
  check_accepted("shared/schema/workflow.schema.json",
                 json_schema(tba::kWorkflowTable, "A workflow of tba-integrate"));
}

TEST_CASE("schema: that of connector files is that of the reader's tables") {
  check_accepted("shared/schema/connector.schema.json",
                 json_schema(tba::kConnectorTable, "A connector of tba-integrate"));
}

TEST_CASE("schema: that of connectors for mail is that of the reader's tables") {
  check_accepted("shared/schema/mail-connector.schema.json",
                 json_schema(tba::kMailConnectorTable, "A connector of tba-integrate for e-mail"));
}

TEST_CASE("schema: that of plugins' manifests is that of the reader's tables") {
  check_accepted("shared/schema/plugin.schema.json",
                 json_schema(tba::kPluginTable, "A plugin of tba-integrate"));
}

TEST_CASE("schema: the value types of the tables are all known") {
  for (const auto name : tba::kValueTypeNames) {
    CAPTURE(name);
    const auto type = tba::value_type_named(name);
    REQUIRE(type.has_value());
    CHECK(tba::name_of(*type) == name);
  }
}
