#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "shared/expression/functions/tables.h"
#include "shared/expression/regex.h"
#include "shared/value/utf8.h"

namespace tba::expression::detail {
namespace {

using boost::system::result;

/// Converts offsets in bytes to offsets in code points. Each is counted from the one before, so
/// going through a text takes no more than reading it.
class CodePoints {
 public:
  /// Requires: UTF-8.
  explicit CodePoints(std::string_view text) : text_(text) {}

  /// Before that byte, which is taken as near to the next one asked for.
  std::int64_t move_to(std::size_t byte) {
    offset_ = at(byte);
    byte_ = byte;
    return offset_;
  }
  std::int64_t at(std::size_t byte) const {
    return byte >= byte_ ? offset_ + count({byte_, byte}) : offset_ - count({byte, byte_});
  }
  std::int64_t count(const TextSpan& span) const {
    return std::ranges::count_if(
        span.of(text_), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
  }

 private:
  std::string_view text_;
  std::size_t byte_ = 0;
  std::int64_t offset_ = 0;
};

/// The matches of one call, and what it has built of them.
class Matches {
 public:
  /// Requires: a text that is UTF-8, and outlives this.
  Matches(const Regex& regex, std::string_view text, Resources& resources)
      : regex_(regex),
        text_(text),
        search_(regex, text, resources),
        resources_(resources),
        allocated_before_(allocated_value_bytes()) {}

  result<bool, Failure> next() {
    const auto built = allocated_value_bytes() - allocated_before_;
    if (built > 0 && !resources_.may_build(static_cast<std::uint64_t>(built))) {
      return resources_.spent_bytes();
    }
    return search_.next();
  }

  TextSpan span() const { return search_.match(); }
  std::string_view text() const { return span().of(text_); }
  std::size_t group_count() const { return regex_.group_names().size(); }

  /// What a group matched; null where it had no part.
  Value group(std::size_t index) const {
    const auto span = search_.group(index);
    return span ? Value::string(span->of(text_)) : Value();
  }

  Value groups() const {
    ArrayBuilder groups(group_count());
    for (std::size_t i = 0; i < group_count(); ++i) groups.add(group(i));
    return std::move(groups).build();
  }

  /// What the named groups matched. Where several have one name, the last one stands.
  Value named_groups() const {
    ObjectBuilder groups;
    for (std::size_t i = 0; i < group_count(); ++i) {
      const auto& name = regex_.group_names()[i];
      if (name.is_string()) groups.put(name.as_string(), group(i));
    }
    return std::move(groups).build();
  }

  /// The object that `match` gives.
  Value described() {
    constexpr std::size_t kNameBytes = std::string_view("offsetlengthstringcaptures").size();
    const auto whole = span();
    ObjectBuilder match(4, kNameBytes);
    match.put("offset", Value::integer(code_points_.move_to(whole.begin)));
    match.put("length", Value::integer(code_points_.count(whole)));
    match.put("string", Value::string(whole.of(text_)));
    ArrayBuilder captures(group_count());
    for (std::size_t i = 0; i < group_count(); ++i) captures.add(described_group(i));
    match.put("captures", std::move(captures).build());
    return std::move(match).build();
  }

 private:
  Value described_group(std::size_t index) const {
    constexpr std::size_t kNameBytes = std::string_view("offsetlengthstringname").size();
    const auto span = search_.group(index);
    ObjectBuilder group(4, kNameBytes);
    if (span) {
      group.put("offset", Value::integer(code_points_.at(span->begin)));
      group.put("length", Value::integer(code_points_.count(*span)));
      group.put("string", Value::string(span->of(text_)));
    } else {  // in jq's order of members
      group.put("offset", Value::integer(-1));
      group.put("string", Value());
      group.put("length", Value::integer(0));
    }
    group.put("name", regex_.group_names()[index]);
    return std::move(group).build();
  }

  const Regex& regex_;
  std::string_view text_;
  RegexSearch search_;
  Resources& resources_;
  std::int64_t allocated_before_;
  CodePoints code_points_{text_};
};

/// The regular expression that the arguments describe, for an input that can be matched.
result<const Regex*, Failure> regex_of(const Value& input, std::span<const Value> arguments,
                                       Resources& resources) {
  const auto& pattern = arguments[0];
  const auto& flags = arguments[1];
  if (!input.is_string()) {
    return Failure{described(input) + " cannot be matched, as it is not a string"};
  }
  if (!pattern.is_string()) return Failure{described(pattern) + " is not a string"};
  if (!flags.is_string() && !flags.is_null()) {
    return Failure{described(flags) + " is not a string"};
  }
  return Regex::compiled(pattern.as_string(), flags.is_null() ? "" : flags.as_string(), resources);
}

/// The library reads beyond the end of a text that breaks off within a character.
Value well_formed(Value input) {
  if (!input.is_string()) return input;
  const auto text = input.as_string();
  return find_invalid_utf8(text) == std::string_view::npos ? input
                                                           : Value::string(repair_utf8(text));
}

/// Calls `visit` with each match in the text; gives why there are no more, if they did not simply
/// end.
template <typename Visit>
std::optional<Failure> visit_matches(const Value& text, std::span<const Value> arguments,
                                     Resources& resources, Visit visit) {
  const auto regex = regex_of(text, arguments, resources);
  if (!regex) return regex.error();
  Matches matches(**regex, text.as_string(), resources);
  while (true) {
    const auto found = matches.next();
    if (!found) return found.error();
    if (!*found) return std::nullopt;
    visit(matches);
  }
}

/// `_test(regex; flags)`: whether it matches.
Outcome test(Value input, std::span<Value> arguments, Resources& resources) {
  const auto text = well_formed(std::move(input));
  const auto regex = regex_of(text, arguments, resources);
  if (!regex) return regex.error();
  const auto found = RegexSearch(**regex, text.as_string(), resources).next();
  if (!found) return found.error();
  return Value::boolean(*found);
}

/// `_match(regex; flags)`: what `match` gives, in an array.
Outcome match(Value input, std::span<Value> arguments, Resources& resources) {
  const auto text = well_formed(std::move(input));
  ArrayBuilder found;
  if (auto failure = visit_matches(text, arguments, resources,
                                   [&](Matches& matches) { found.add(matches.described()); })) {
    return *std::move(failure);
  }
  return std::move(found).build();
}

/// `_scan(regex; flags)`: what `scan` gives, in an array.
Outcome scan(Value input, std::span<Value> arguments, Resources& resources) {
  const auto text = well_formed(std::move(input));
  ArrayBuilder found;
  if (auto failure = visit_matches(text, arguments, resources, [&](const Matches& matches) {
        found.add(matches.group_count() > 0 ? matches.groups() : Value::string(matches.text()));
      })) {
    return *std::move(failure);
  }
  return std::move(found).build();
}

/// `_split(regex; flags)`: what lies between the matches.
Outcome split(Value input, std::span<Value> arguments, Resources& resources) {
  const auto text = well_formed(std::move(input));
  ArrayBuilder parts;
  std::size_t begin = 0;
  if (auto failure = visit_matches(text, arguments, resources, [&](const Matches& matches) {
        const auto span = matches.span();
        parts.add(Value::string(TextSpan{begin, span.begin}.of(text.as_string())));
        begin = span.end;
      })) {
    return *std::move(failure);
  }
  parts.add(Value::string(text.as_string().substr(begin)));
  return std::move(parts).build();
}

/// `_edits(regex; flags)`: {"spans": [begin, end, begin, end, …], "captures": [{…}, …]}: where the
/// matches are, in bytes, and what their named groups matched. For `sub`, which lays texts made of
/// the captures into the spans by `_splice`.
Outcome edits(Value input, std::span<Value> arguments, Resources& resources) {
  const auto text = well_formed(std::move(input));
  ArrayBuilder spans;
  ArrayBuilder captures;
  if (auto failure = visit_matches(text, arguments, resources, [&](const Matches& matches) {
        const auto span = matches.span();
        spans.add(Value::integer(static_cast<std::int64_t>(span.begin)));
        spans.add(Value::integer(static_cast<std::int64_t>(span.end)));
        captures.add(matches.named_groups());
      })) {
    return *std::move(failure);
  }
  return Value::object(
      {{"spans", std::move(spans).build()}, {"captures", std::move(captures).build()}});
}

/// The texts that come of laying something else into the spans of one. jq's `sub` counts the
/// results of a replacement: the first ones make the first text, and so on. A text that a span has
/// nothing for misses what is before the span, too.
class Splices {
 public:
  Splices(std::string_view text, Resources& resources) : text_(text), resources_(resources) {}

  /// Spans come in their order.
  std::optional<Failure> replace(const TextSpan& span, std::span<const Value> replacements) {
    const auto gap = TextSpan{end_, span.begin}.of(text_);
    if (results_.size() < replacements.size()) results_.resize(replacements.size());
    for (std::size_t i = 0; i < replacements.size(); ++i) {
      const auto& replacement = replacements[i];
      if (!replacement.is_string() && !replacement.is_null()) {
        return apply(Operator::add, Value::string(gap), replacement, resources_).error();
      }
      const auto inserted = replacement.is_string() ? replacement.as_string() : std::string_view();
      if (auto failure = count(gap.size() + inserted.size())) return failure;
      results_[i].append(gap).append(inserted);
    }
    end_ = span.end;
    return std::nullopt;
  }

  /// The texts; the one there was where nothing replaced anything.
  Outcome finished() {
    if (results_.empty()) return Value::array({Value::string(text_)});
    const auto rest = text_.substr(end_);
    ArrayBuilder texts(results_.size());
    for (auto& result : results_) {
      if (auto failure = count(rest.size())) return *std::move(failure);
      texts.add(Value::string(result.append(rest)));
    }
    return std::move(texts).build();
  }

 private:
  std::optional<Failure> count(std::size_t bytes) {
    bytes_ += bytes;
    if (!resources_.may_build(bytes_)) return resources_.spent_bytes();
    if (!resources_.spend(bytes)) return resources_.spent_steps();
    return std::nullopt;
  }

  std::string_view text_;
  Resources& resources_;
  std::vector<std::string> results_;
  std::size_t end_ = 0;  // of the last span
  std::size_t bytes_ = 0;
};

/// `_splice(spans; replacements)`: the input's texts with an array of replacements for each span.
Outcome splice(Value input, std::span<Value> arguments, Resources& resources) {
  const auto text = well_formed(std::move(input));
  const auto spans = arguments[0].items();
  const auto replacements = arguments[1].items();
  Splices splices(text.as_string(), resources);
  for (std::size_t i = 0; i < replacements.size(); ++i) {
    const TextSpan span{static_cast<std::size_t>(spans[2 * i].as_integer()),
                        static_cast<std::size_t>(spans[(2 * i) + 1].as_integer())};
    if (auto failure = splices.replace(span, replacements[i].items())) return *std::move(failure);
  }
  return splices.finished();
}

constexpr auto kFunctions = std::to_array<Function>({
    {"_edits", 2, true, edits},
    {"_match", 2, true, match},
    {"_scan", 2, true, scan},
    {"_splice", 2, true, splice},
    {"_split", 2, true, split},
    {"_test", 2, true, test},
});

}  // namespace

std::span<const Function> matching_functions() {
  return kFunctions;
}

}  // namespace tba::expression::detail
