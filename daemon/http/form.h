#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "shared/error.h"
#include "shared/value/value.h"

namespace tba::http {

/// Names and values in the order they were sent; a name may come more than once.
using FormFields = std::vector<std::pair<std::string, std::string>>;

/// Appends the percent-decoded text (RFC 3986 section 2.1); false where the encoding is broken.
bool append_decoded(std::string& out, std::string_view text, bool plus_is_space);

/// Reads application/x-www-form-urlencoded: a query, or the body of a form. '+' stands for a space,
/// a name without '=' has the value "", empty pairs count for nothing. Errors (`invalid`): a broken
/// percent-encoding, NUL, text that is not UTF-8; the messages go on from a subject ("has a NUL").
Result<FormFields> parse_form(std::string_view encoded);

/// Makes an object of fields that may come more than once: then the values are an array, in order.
class FieldObject {
 public:
  void add(const std::string& name, Value value);
  Value build() &&;

 private:
  std::vector<std::pair<std::string, std::vector<Value>>> fields_;
  std::unordered_map<std::string, std::size_t> places_;  // in fields_, by name
};

/// The fields as such an object.
Value form_value(const FormFields& fields);

}  // namespace tba::http
