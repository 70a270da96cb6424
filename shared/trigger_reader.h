#pragma once

#include "shared/workflow_reading.h"

namespace tba {

/// Reads a member of `on:` and adds it to the workflow's triggers; the workflow's name and the
/// triggers before it are there already. Gives the word of its kind ("webhook"), empty where that
/// is not known.
std::string_view read_trigger(const yaml::Node& node, Workflow& workflow, WorkflowReading& reading);

}  // namespace tba
