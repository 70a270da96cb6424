#include "daemon/http/form.h"

#include <algorithm>

#include <simdjson.h>

namespace tba::http {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Error invalid(std::string message) {
  return {ErrorCode::invalid, std::move(message), {}};
}

}  // namespace

bool append_decoded(std::string& out, std::string_view text, bool plus_is_space) {
  while (!text.empty()) {
    const auto special = text.find_first_of(plus_is_space ? "%+" : "%");
    out.append(text.substr(0, special));
    if (special == std::string_view::npos) return true;
    text.remove_prefix(special);
    if (text[0] == '+') {
      out.push_back(' ');
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 3) return false;
    const int high = hex_digit(text[1]);
    const int low = hex_digit(text[2]);
    if (high < 0 || low < 0) return false;
    out.push_back(static_cast<char>(high * 16 + low));
    text.remove_prefix(3);
  }
  return true;
}

Result<FormFields> parse_form(std::string_view encoded) {
  FormFields fields;
  while (!encoded.empty()) {
    const auto pair = encoded.substr(0, encoded.find('&'));
    encoded.remove_prefix(std::min(pair.size() + 1, encoded.size()));
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    std::string name;
    std::string value;
    if (!append_decoded(name, pair.substr(0, equals), true) ||
        (equals != std::string_view::npos &&
         !append_decoded(value, pair.substr(equals + 1), true))) {
      return invalid("has a broken percent-encoding");
    }
    for (const auto* part : {&name, &value}) {
      if (part->find('\0') != std::string::npos) return invalid("has a NUL");
      if (!simdjson::validate_utf8(part->data(), part->size())) return invalid("is not UTF-8");
    }
    fields.emplace_back(std::move(name), std::move(value));
  }
  return fields;
}

void FieldObject::add(const std::string& name, Value value) {
  const auto [place, is_new] = places_.emplace(name, fields_.size());
  if (is_new) fields_.emplace_back(name, std::vector<Value>());
  fields_[place->second].second.push_back(std::move(value));
}

Value FieldObject::build() && {
  ObjectBuilder object(fields_.size(), 0);
  for (auto& [name, values] : fields_)
    object.put(name,
               values.size() == 1 ? std::move(values.front()) : Value::array(std::move(values)));
  return std::move(object).build();
}

Value form_value(const FormFields& fields) {
  FieldObject object;
  for (const auto& [name, value] : fields) object.add(name, Value::string(value));
  return std::move(object).build();
}

}  // namespace tba::http
