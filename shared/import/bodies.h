#pragma once

#include <vector>

#include "shared/import/description.h"
#include "shared/import/parameters.h"
#include "shared/shape.h"

namespace tba::importing {

/// Adds what the operation sends: the members of an object or the fields of a form, each as a
/// parameter, or one that is the whole body. `listed` are its parameters, among which Swagger has
/// the body.
void add_body(Description& description, const Value& operation,
              const std::vector<const Value*>& listed, EndpointDraft& draft);

/// The form of the JSON that tells of success: of the first status of 2xx that has any.
Shape response_of(Description& description, const Value& operation);

}  // namespace tba::importing
