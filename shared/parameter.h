#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/diagnostic.h"
#include "shared/key_table.h"
#include "shared/shape.h"
#include "shared/value/value.h"
#include "shared/value_type.h"
#include "shared/yaml_reader.h"

namespace tba {

/// Where a parameter of an endpoint goes in a request.
enum class ParameterPlace {
  path,
  query,
  header,
  cookie,
  body,        ///< A member of the object, or a field of the form, that is sent.
  whole_body,  ///< It is the body.
};

/// How an array or an object is written where there is room for text only.
enum class ParameterStyle {
  repeat,    ///< a=1&a=2: the name again for each item.
  comma,     ///< a=1,2
  space,     ///< a=1%202
  pipe,      ///< a=1|2
  brackets,  ///< a[]=1&a[]=2, a[key]=1, a[0][key]=1: of whatever depth.
  json,      ///< a={"key":1}
};

/// One parameter of an endpoint, given in a step's `with`.
struct Parameter {
  std::string name;
  std::string sent_as;  ///< Its name in the request.
  ParameterPlace place = ParameterPlace::body;
  ParameterStyle style = ParameterStyle::repeat;
  Shape shape = {};  ///< What is known of its value.
  bool required = false;
  std::optional<Value> default_value;
  std::vector<Value> choices;  ///< What its value may be; empty: anything of its type.
  std::string description;

  ValueType type() const { return shape.type; }
};

/// The names as written in files: "path", "brackets", …
std::string_view name_of(ParameterPlace place);
std::string_view name_of(ParameterStyle style);

/// The keys of a parameter.
extern const KeyTable kParameterTable;

/// Those of one that goes into no request, as the parameters of plugins.
extern const KeyTable kValueParameterTable;

/// The parameter of that name that a node describes by one of these tables.
Parameter read_parameter(const yaml::Node& name, const yaml::Node& node, Diagnostics& diagnostics,
                         const KeyTable& table = kParameterTable);

/// Why a parameter cannot have that value; nothing where it can.
std::optional<Misfit> misfit(const Parameter& parameter, const Value& value);

/// Likewise, only by the choices that it has.
std::optional<Misfit> misfit_of_choice(const Parameter& parameter, const Value& value);

}  // namespace tba
