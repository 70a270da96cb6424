#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/endpoint.h"
#include "shared/import/description.h"
#include "shared/import/names.h"

namespace tba::importing {

/// The parameters that an operation's description lists, those of its path included where the
/// operation has none of that name and place; references followed.
std::vector<const Value*> listed_parameters(Description& description, const Value& path,
                                            const Value& operation);

/// What an endpoint takes, as it is gathered: the names of its parameters are taken once.
struct EndpointDraft {
  Endpoint endpoint;
  UniqueNames names;

  /// Adds a parameter that is sent under that name, and gives it a name of its own. Of its path
  /// parameters the placeholder gets that name too.
  Parameter& add(ParameterPlace place, std::string_view sent_as);
};

/// What a schema says of a parameter: type, choices, a default or what the text says of it.
/// Defaults are those of the API, which knows them: what it is told anyway differs from what it
/// would do by itself (two filters may exclude each other, a PATCH would reset what is not meant),
/// so they are put into the description, except where a parameter has to be sent.
void describe(Description& description, const Value& schema, std::string_view text,
              Parameter& parameter);

/// Adds the parameters in path, query, headers and cookies, and those that stand in the path's own
/// text: placeholders that nobody lists, and a query.
void add_parameters(Description& description, const std::vector<const Value*>& listed,
                    EndpointDraft& draft);

/// How a parameter of Swagger has its arrays written. A format that no style has is noted.
ParameterStyle style_of_collection(Description& description, const Value& written);

}  // namespace tba::importing
