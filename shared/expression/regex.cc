#include "shared/expression/regex.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <oniguruma.h>

#include "shared/value/utf8.h"

namespace tba::expression::detail {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxPatternBytes = 4096;
constexpr unsigned kMaxNesting = 250;
constexpr int kMaxCalls = 20;  // of groups: the library's compiler doubles its work with each
constexpr std::size_t kMaxCached = 16;
constexpr std::size_t kStackEntryBytes = 64;      // at most, on the library's stack
constexpr std::uint64_t kBytesPerNanosecond = 4;  // what else an evaluation handles in that time

/// The library counts how often it gives up a way, and can be told when to stop. Between two such
/// moments it may read all of the text. So one call may retry the less often the longer the text
/// is: never more than some milliseconds' work.
constexpr std::size_t kWorkOfCall = std::size_t{4} << 20;
constexpr std::size_t kMinRetries = 4;
constexpr std::size_t kMaxRetries = 100'000;
constexpr std::size_t kMaxUncharged = 64;  // characters tried without a look at the clock
constexpr std::size_t kMinBlock = 64;
constexpr std::size_t kMaxBlock = 8192;

struct Flag {
  char name;
  OnigOptionType options;
};

constexpr auto kFlags = std::to_array<Flag>({
    {'g', ONIG_OPTION_NONE},
    {'i', ONIG_OPTION_IGNORECASE},
    {'x', ONIG_OPTION_EXTEND},
    {'s', ONIG_OPTION_SINGLELINE},
    {'n', ONIG_OPTION_FIND_NOT_EMPTY},
    {'l', ONIG_OPTION_FIND_LONGEST},
    {'p', ONIG_OPTION_MULTILINE | ONIG_OPTION_SINGLELINE},
});

const OnigUChar* begin_of(std::string_view text) {
  return reinterpret_cast<const OnigUChar*>(text.data());
}

const OnigUChar* end_of(std::string_view text) {
  return begin_of(text) + text.size();
}

void initialize() {
  static const bool kInitialized = [] {
    std::array<OnigEncoding, 1> encodings = {ONIG_ENCODING_UTF8};
    onig_initialize(encodings.data(), static_cast<int>(encodings.size()));
    onig_set_parse_depth_limit(kMaxNesting);
    return true;
  }();
  static_cast<void>(kInitialized);
}

std::string message_of(int error, OnigErrorInfo* info) {
  std::array<OnigUChar, ONIG_MAX_ERROR_MESSAGE_LEN> buffer{};
  const int size = onig_error_code_to_str(buffer.data(), error, info);
  return {reinterpret_cast<const char*>(buffer.data()), static_cast<std::size_t>(size)};
}

/// At least as many as the pattern has: `\g<name>`, `(?&name)`, `(?P>name)`, `(?R)`, `(?1)`,
/// `(?-1)`, `(?+1)`.
int count_calls(std::string_view pattern) {
  int count = 0;
  for (std::size_t i = 0; i + 2 < pattern.size(); ++i) {
    const auto here = pattern.substr(i);
    if (here.starts_with("\\g") || here.starts_with("(?P>")) {
      ++count;
    } else if (here.starts_with("(?")) {
      if (std::string_view("&R+-0123456789").find(here[2]) != std::string_view::npos) ++count;
    }
  }
  return count;
}

Failure limited(std::string message) {
  return {std::move(message), true};
}

Failure spent_steps_of(const Resources& resources) {
  auto failure = resources.spent_steps();
  failure.message += ", the last of them in a regular expression";
  return failure;
}

std::size_t max_stack_entries(const Resources& resources) {
  constexpr std::size_t kMax = std::numeric_limits<unsigned>::max();
  return std::clamp<std::size_t>(resources.budget().bytes / kStackEntryBytes, 1, kMax);
}

std::size_t allowed_retries(std::size_t text_bytes) {
  return std::clamp(kWorkOfCall / (text_bytes + 1), kMinRetries, kMaxRetries);
}

bool is_retry_limit(int code) {
  return code == ONIGERR_RETRY_LIMIT_IN_MATCH_OVER || code == ONIGERR_RETRY_LIMIT_IN_SEARCH_OVER;
}

bool charge(Resources& resources, Clock::duration time) {
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
  return resources.spend(static_cast<std::uint64_t>(nanoseconds) * kBytesPerNanosecond);
}

}  // namespace

struct Regex::Handles {
  OnigRegex regex = nullptr;
  OnigRegion* region = onig_region_new();
  OnigMatchParam* parameters = onig_new_match_param();

  Handles() = default;
  ~Handles() {
    onig_free(regex);
    onig_region_free(region, 1);
    onig_free_match_param(parameters);
  }
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;
};

boost::system::result<const Regex*, Failure> Regex::compiled(std::string_view pattern,
                                                             std::string_view flags,
                                                             Resources& resources) {
  // The one used last comes first.
  thread_local std::vector<std::unique_ptr<Regex>> cache;
  const auto found = std::find_if(cache.begin(), cache.end(), [&](const auto& regex) {
    return regex->pattern_ == pattern && regex->flags_ == flags;
  });
  if (found != cache.end()) {
    std::rotate(cache.begin(), found, found + 1);
    return cache.front().get();
  }
  const auto begin = Clock::now();
  std::unique_ptr<Regex> regex(new Regex(pattern, flags));
  if (auto failure = regex->compile()) return *std::move(failure);
  if (!charge(resources, Clock::now() - begin)) return spent_steps_of(resources);
  if (cache.size() == kMaxCached) cache.pop_back();
  return cache.insert(cache.begin(), std::move(regex))->get();
}

Regex::Regex(std::string_view pattern, std::string_view flags)
    : pattern_(pattern), flags_(flags), handles_(std::make_unique<Handles>()) {}

Regex::~Regex() = default;

std::optional<Failure> Regex::compile() {
  OnigOptionType options = ONIG_OPTION_CAPTURE_GROUP;
  for (const char flag : flags_) {
    const auto* const entry = std::find_if(kFlags.begin(), kFlags.end(),
                                           [&](const Flag& known) { return known.name == flag; });
    if (entry == kFlags.end()) {
      return Failure{fmt::format("{} is not a valid modifier string", flags_)};
    }
    options |= entry->options;
  }
  if (pattern_.size() > kMaxPatternBytes) {
    return limited(fmt::format("the regular expression is longer than {} bytes", kMaxPatternBytes));
  }
  if (count_calls(pattern_) > kMaxCalls) {
    return limited(
        fmt::format("the regular expression calls its groups in more than {} places", kMaxCalls));
  }

  initialize();
  OnigErrorInfo info{};
  const int error = onig_new(&handles_->regex, begin_of(pattern_), end_of(pattern_), options,
                             ONIG_ENCODING_UTF8, ONIG_SYNTAX_PERL_NG, &info);
  if (error == ONIGERR_PARSE_DEPTH_LIMIT_OVER) {
    return limited(fmt::format("the regular expression is nested deeper than {}", kMaxNesting));
  }
  if (error != ONIG_NORMAL) {
    return Failure{fmt::format("{} (at offset 0) is not a valid regex: {}", pattern_,
                               message_of(error, &info))};
  }

  const auto add_name = [](const OnigUChar* name, const OnigUChar* name_end, int count, int* groups,
                           OnigRegex, void* names) {
    const auto value = Value::string(
        {reinterpret_cast<const char*>(name), static_cast<std::size_t>(name_end - name)});
    for (const int group : std::span(groups, static_cast<std::size_t>(count))) {
      static_cast<Value*>(names)[group - 1] = value;
    }
    return 0;
  };
  group_names_.resize(static_cast<std::size_t>(onig_number_of_captures(handles_->regex)));
  onig_foreach_name(handles_->regex, add_name, group_names_.data());
  return std::nullopt;
}

RegexSearch::RegexSearch(const Regex& regex, std::string_view text, Resources& resources)
    : regex_(regex), text_(text), resources_(resources), block_(kMinBlock) {
  onig_set_match_stack_limit_size_of_match_param(
      regex.handles_->parameters, static_cast<unsigned>(max_stack_entries(resources)));
}

RegexSearch::Answer RegexSearch::next() {
  if (start_ > text_.size()) return false;
  const auto found = find();
  if (!found || !*found || !regex_.is_global()) {
    start_ = text_.size() + 1;
    return found;
  }
  const auto whole = match();
  start_ = whole.is_empty() ? next_character(whole.end) : whole.end;
  return true;
}

TextSpan RegexSearch::match() const {
  const auto& region = *regex_.handles_->region;
  return {static_cast<std::size_t>(region.beg[0]), static_cast<std::size_t>(region.end[0])};
}

std::optional<TextSpan> RegexSearch::group(std::size_t index) const {
  const auto& region = *regex_.handles_->region;
  if (region.beg[index + 1] != ONIG_REGION_NOTPOS) {
    return TextSpan{static_cast<std::size_t>(region.beg[index + 1]),
                    static_cast<std::size_t>(region.end[index + 1])};
  }
  if (match().is_empty()) return match();
  return std::nullopt;
}

RegexSearch::Answer RegexSearch::find() {
  auto at = start_;
  while (true) {
    const auto retries = allowed_retries(text_.size() - at);
    if (regex_.finds_longest()) {
      return insist([&](std::size_t limit) { return search_from(at, limit); }, retries);
    }
    const int code = search_from(at, retries);
    if (!charge_time()) return spent_steps_of(resources_);
    if (!is_retry_limit(code)) return answer_of(code);
    // Where it gave up is not known. It is led over a part of the text, and let loose again.
    const auto found = find_one_by_one(at, block_);
    if (!found || *found || at > text_.size()) return found;
    block_ = std::min(block_ * 2, kMaxBlock);
  }
}

RegexSearch::Answer RegexSearch::find_one_by_one(std::size_t& at, std::size_t count) {
  for (; count > 0 && at <= text_.size(); --count, at = next_character(at)) {
    const auto rest = text_.size() - at;
    const auto retries = std::max(kMinRetries, allowed_retries(rest) / kMaxUncharged);
    const auto found = insist([&](std::size_t limit) { return match_at(at, limit); }, retries);
    if (!found || *found) return found;
    const auto interval = std::clamp<std::size_t>(kWorkOfCall / (rest + 1), 1, kMaxUncharged);
    if (count % interval == 0 && !charge_time()) return spent_steps_of(resources_);
  }
  return false;
}

template <typename Ask>
RegexSearch::Answer RegexSearch::insist(Ask ask, std::size_t retries) {
  while (true) {
    const auto steps_before = resources_.steps_left();
    const int code = ask(retries);
    if (!is_retry_limit(code)) return answer_of(code);
    const bool has_steps = charge_time();
    // Twice the retries take twice the steps or so: beyond what is left, they would be in vain.
    const auto taken = steps_before - resources_.steps_left();
    if (!has_steps || taken > resources_.steps_left() / 2) return spent_steps_of(resources_);
    retries *= 2;
  }
}

int RegexSearch::search_from(std::size_t at, std::size_t retries) {
  allow(retries);
  const auto& handles = *regex_.handles_;
  return onig_search_with_param(handles.regex, begin_of(text_), end_of(text_), begin_of(text_) + at,
                                end_of(text_), handles.region, options_at(at), handles.parameters);
}

int RegexSearch::match_at(std::size_t at, std::size_t retries) {
  allow(retries);
  const auto& handles = *regex_.handles_;
  return onig_match_with_param(handles.regex, begin_of(text_), end_of(text_), begin_of(text_) + at,
                               handles.region, options_at(at), handles.parameters);
}

void RegexSearch::allow(std::size_t retries) {
  auto* const parameters = regex_.handles_->parameters;
  onig_set_retry_limit_in_match_of_match_param(parameters, retries);
  onig_set_retry_limit_in_search_of_match_param(parameters, retries);
}

unsigned RegexSearch::options_at(std::size_t at) const {
  return at == start_ ? ONIG_OPTION_NONE : ONIG_OPTION_NOT_BEGIN_POSITION;
}

RegexSearch::Answer RegexSearch::answer_of(int code) const {
  if (code >= 0) return true;
  switch (code) {
    case ONIG_MISMATCH:
      return false;
    case ONIGERR_MATCH_STACK_LIMIT_OVER:
      return limited(fmt::format("the regular expression keeps more than {} places to go back to",
                                 max_stack_entries(resources_)));
    default:
      return Failure{
          fmt::format("{} cannot be matched: {}", regex_.pattern_, message_of(code, nullptr))};
  }
}

std::size_t RegexSearch::next_character(std::size_t at) const {
  return at < text_.size() ? at + utf8_length_at(text_, at) : at + 1;
}

bool RegexSearch::charge_time() {
  const auto now = Clock::now();
  return charge(resources_, now - std::exchange(charged_until_, now));
}

}  // namespace tba::expression::detail
