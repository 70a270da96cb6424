#pragma once

#include <string>

#include "shared/endpoint.h"
#include "shared/expression/mapping.h"
#include "shared/workflow_reading.h"
#include "shared/yaml_reader.h"

namespace tba {

/// Checks what `with` gives for the parameters of an endpoint, which the file calls `target`: that
/// there are such, and their types and choices as far as they are known before anything runs.
/// `given` is what was made of `with`.
void check_parameters(const std::string& target, const Endpoint& endpoint, const yaml::Node& with,
                      const expression::Mapping& given, WorkflowReading& reading);

}  // namespace tba
