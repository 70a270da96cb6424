#pragma once

#include <string_view>

#include "shared/key_table.h"
#include "shared/workflow_reading.h"

namespace tba {

/// The keys of `paginate`, and those of a `for_each` over the pages of a list.
extern const KeyTable kPaginateTable;
extern const KeyTable kPagesTable;

/// Reads what `paginate` says.
PageCaps read_page_caps(const yaml::Node& paginate, Diagnostics& diagnostics);

/// Adds an error at `place`, which asks for the pages of an endpoint, where that has none.
void check_has_pages(std::string_view connector, std::string_view endpoint, const yaml::Node& place,
                     WorkflowReading& reading);

/// Makes pages of a step that calls an endpoint: each is a call on the terms of that step. `place`
/// is what asks for them in the file, for an error where the endpoint has none.
Pages make_pages(Step call, PageCaps caps, const yaml::Node& place, WorkflowReading& reading);

}  // namespace tba
