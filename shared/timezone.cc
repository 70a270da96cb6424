#include "shared/timezone.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "shared/file.h"
#include "shared/posix_zone.h"
#include "shared/suggestion.h"

namespace tba {
namespace {

using std::chrono::floor;
using std::chrono::seconds;

constexpr std::size_t kMostBytes = 1 << 20;

struct Transition {
  Instant at;
  seconds offset;
};

/// A TZif file's bytes, taken from the front; beyond the end everything is 0, and stays failed.
class Bytes {
 public:
  explicit Bytes(std::string_view rest) : rest_(rest) {}

  std::string_view take(std::size_t count) {
    if (count > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  /// A signed number of that many bytes, the highest first.
  std::int64_t number(std::size_t size) {
    std::uint64_t bits = 0;
    for (const char c : take(size)) bits = bits << 8 | static_cast<unsigned char>(c);
    if (size == 4) return static_cast<std::int32_t>(static_cast<std::uint32_t>(bits));
    return static_cast<std::int64_t>(bits);
  }

  std::size_t count() { return static_cast<std::uint32_t>(number(4)); }

  bool failed() const { return failed_; }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

/// RFC 9636 section 3.1.
struct Header {
  char version = 0;
  std::size_t utc_flags = 0, standard_flags = 0, leaps = 0, times = 0, types = 0, characters = 0;

  std::size_t body_size(std::size_t time_size) const {
    return times * (time_size + 1) + types * 6 + characters + leaps * (time_size + 4) +
           standard_flags + utc_flags;
  }
};

std::optional<Header> take_header(Bytes& bytes) {
  if (bytes.take(4) != "TZif") return std::nullopt;
  Header header;
  const auto version = bytes.take(1);
  bytes.take(15);
  header.utc_flags = bytes.count();
  header.standard_flags = bytes.count();
  header.leaps = bytes.count();
  header.times = bytes.count();
  header.types = bytes.count();
  header.characters = bytes.count();
  if (bytes.failed() || header.types == 0) return std::nullopt;
  header.version = version.front();
  return header;
}

/// The instant of a count of seconds, as far as instants go.
Instant instant_of(std::int64_t count) {
  constexpr auto kLimit = seconds(std::int64_t{1} << 40);
  return Instant(std::clamp(seconds(count), -kLimit, kLimit));
}

/// The offset before the first transition, as that of one at the beginning of time, and the
/// transitions; none that change nothing.
std::optional<std::vector<Transition>> take_transitions(Bytes& bytes, const Header& header,
                                                        std::size_t time_size) {
  if (header.body_size(time_size) > bytes.rest().size()) return std::nullopt;
  std::vector<Instant> times(header.times);
  for (auto& time : times) time = instant_of(bytes.number(time_size));
  const auto types = bytes.take(header.times);
  std::vector<seconds> offsets(header.types);
  for (auto& offset : offsets) {
    offset = seconds(bytes.number(4));
    bytes.take(2);  // whether it is summer time, and its name
  }
  bytes.take(header.characters + header.leaps * (time_size + 4) + header.standard_flags +
             header.utc_flags);
  if (!std::ranges::is_sorted(times)) return std::nullopt;
  std::vector<Transition> transitions{{Instant::min(), offsets.front()}};
  for (std::size_t i = 0; i < times.size(); ++i) {
    const auto type = static_cast<unsigned char>(types[i]);
    if (type >= offsets.size()) return std::nullopt;
    if (offsets[type] != transitions.back().offset) {
      transitions.push_back({times[i], offsets[type]});
    }
  }
  return transitions;
}

}  // namespace

struct TimeZone::Data {
  std::string name;
  std::vector<Transition> transitions;  // the first at the beginning of time
  std::optional<PosixZone> afterwards;  // what holds after the last of them, if it changes

  Period in_table(Instant time) const {
    const auto next = std::ranges::upper_bound(transitions, time, {}, &Transition::at);
    const auto here = next - 1;
    const auto before = here == transitions.begin() ? here : here - 1;
    return {here->at, next == transitions.end() ? Instant::max() : next->at, here->offset,
            before->offset};
  }

  /// The period of an instant after the last transition of the table, which begins `last`.
  Period by_rule(Instant time, const Period& last) const {
    const auto year = std::chrono::year_month_day(floor<std::chrono::days>(time)).year();
    std::vector<PosixZone::Change> changes;
    for (int difference = -1; difference <= 1; ++difference) {
      for (const auto& change : afterwards->changes_in(year + std::chrono::years(difference)))
        changes.push_back(change);
    }
    // South of the equator a year's second change comes first. Summer time all year is written as
    // two changes at one instant.
    std::ranges::stable_sort(changes, {}, &PosixZone::Change::at);
    auto period = last;
    for (const auto& change : changes) {
      if (change.at <= last.begin) continue;
      if (change.at > time) {
        period.end = change.at;
        break;
      }
      if (change.at > period.begin) period.offset_before = period.offset;
      period.begin = change.at;
      period.offset = change.offset;
    }
    return period;
  }
};

LocalTime TimeZone::Period::to_local(Instant time) const {
  return LocalTime(floor<seconds>(time).time_since_epoch() + offset);
}

Instant TimeZone::Period::to_instant(LocalTime time) const {
  return Instant(time.time_since_epoch() - offset);
}

TimeZone TimeZone::utc() {
  return TimeZone(
      std::make_shared<const Data>(Data{"UTC", {{Instant::min(), seconds(0)}}, std::nullopt}));
}

Result<TimeZone> TimeZone::parse(std::string name, std::string_view file) {
  const Error damaged{ErrorCode::invalid,
                      fmt::format("the file of the time zone '{}' is damaged", name),
                      "install the package tzdata anew"};
  Bytes bytes(file);
  auto header = take_header(bytes);
  std::size_t time_size = 4;
  if (header && header->version >= '2') {  // the first block is for readers of version 1
    bytes.take(header->body_size(time_size));
    header = take_header(bytes);
    time_size = 8;
  }
  if (!header || header->leaps > 0) return damaged;
  auto transitions = take_transitions(bytes, *header, time_size);
  if (!transitions) return damaged;
  auto data = std::make_shared<Data>(Data{std::move(name), std::move(*transitions), std::nullopt});
  auto rule = bytes.rest();
  if (rule.size() > 2 && rule.front() == '\n' && rule.back() == '\n') {
    const auto afterwards = PosixZone::parse(rule.substr(1, rule.size() - 2));
    if (!afterwards) return damaged;
    if (afterwards->has_summer_time()) data->afterwards = afterwards;
  }
  return TimeZone(std::move(data));
}

Result<TimeZone> TimeZone::find(std::string_view name, const std::filesystem::path& folder) {
  if (name == "UTC") return utc();
  std::error_code failure;
  if (!std::filesystem::is_directory(folder, failure)) {
    return Error{ErrorCode::unavailable,
                 fmt::format("the system has no time zones: there is no {}", folder.string()),
                 "install the package tzdata"};
  }
  constexpr std::string_view kAllowed =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-_/";
  const bool is_path = !name.empty() && name.front() != '/' &&
                       name.find_first_not_of(kAllowed) == std::string_view::npos;
  if (!is_path || !std::filesystem::is_regular_file(folder / name, failure)) {
    return Error{ErrorCode::not_found,
                 fmt::format("there is no time zone '{}'{}", name,
                             did_you_mean(name, time_zone_names(folder))),
                 "an IANA name, such as Europe/Berlin or America/New_York"};
  }
  auto file = read_file(folder / name, kMostBytes);
  if (!file) return file.error();
  return parse(std::string(name), *file);
}

const std::string& TimeZone::name() const {
  return data_->name;
}

TimeZone::Period TimeZone::period_at(Instant time) const {
  const auto period = data_->in_table(time);
  if (period.end != Instant::max() || !data_->afterwards) return period;
  return data_->by_rule(time, period);
}

std::vector<std::string> time_zone_names(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  std::error_code failure;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, failure)) {
    const auto name = entry.path().lexically_relative(folder).string();
    // Each zone is there three times; and files that are no zones have small letters or a dot.
    const bool is_zone = name.front() >= 'A' && name.front() <= 'Z' && !name.ends_with(".tab");
    if (is_zone && entry.is_regular_file(failure)) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace tba
