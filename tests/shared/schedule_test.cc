#include "shared/schedule.h"

#include <random>

#include <catch2/catch.hpp>

#include "shared/duration.h"
#include "shared/time_format.h"

using tba::Cron;
using tba::Every;
using tba::Instant;

namespace {

Instant at(std::string_view text) {
  return tba::parse_time(text).value();
}

std::string after(std::string_view cron, std::string_view start) {
  const auto next = Cron::parse(cron).value().next_after(at(start));
  return next ? tba::format_time(*next) : "never";
}

std::string problem_of(std::string_view cron) {
  const auto read = Cron::parse(cron);
  if (read) return "none";
  return std::to_string(read.error().offset) + "+" + std::to_string(read.error().length) + " " +
         read.error().message;
}

// What crontab(5) says, minute by minute, from the fields' texts and not from the bits of Cron.
class NaiveCron {
 public:
  explicit NaiveCron(std::array<std::string, 5> fields) : fields_(std::move(fields)) {}

  std::string text() const {
    std::string joined;
    for (const auto& field : fields_) joined += (joined.empty() ? "" : " ") + field;
    return joined;
  }

  std::optional<Instant> next_after(Instant start, int minutes) const {
    auto now = std::chrono::floor<std::chrono::minutes>(start);
    for (int i = 0; i < minutes; ++i) {
      now += std::chrono::minutes(1);
      if (fits(now)) return now;
    }
    return std::nullopt;
  }

 private:
  static bool field_fits(const std::string& field, int value, int low, int high) {
    std::size_t begin = 0;
    while (begin <= field.size()) {
      const auto comma = std::min(field.find(',', begin), field.size());
      const auto item = field.substr(begin, comma - begin);
      begin = comma + 1;
      const auto slash = item.find('/');
      const int step = slash == std::string::npos ? 1 : std::stoi(item.substr(slash + 1));
      const auto range = item.substr(0, slash);
      int first = low;
      int last = high;
      if (range != "*") {
        const auto dash = range.find('-');
        first = std::stoi(range);
        if (dash != std::string::npos) last = std::stoi(range.substr(dash + 1));
        if (dash == std::string::npos && slash == std::string::npos) last = first;
      }
      if (value >= first && value <= last && (value - first) % step == 0) return true;
    }
    return false;
  }

  bool fits(Instant now) const {
    const auto day = std::chrono::floor<std::chrono::days>(now);
    const std::chrono::year_month_day date(day);
    const auto minute =
        static_cast<int>(std::chrono::duration_cast<std::chrono::minutes>(now - day).count());
    const auto weekday = static_cast<int>(std::chrono::weekday(day).c_encoding());
    const bool day_fits =
        field_fits(fields_[2], static_cast<int>(static_cast<unsigned>(date.day())), 1, 31);
    const bool weekday_fits = field_fits(fields_[4], weekday, 0, 6) ||
                              (weekday == 0 && fields_[4] != "*" && !fields_[4].starts_with("*/") &&
                               field_fits(fields_[4], 7, 0, 7));
    const bool either = fields_[2][0] != '*' && fields_[4][0] != '*';
    return field_fits(fields_[0], minute % 60, 0, 59) &&
           field_fits(fields_[1], minute / 60, 0, 23) &&
           field_fits(fields_[3], static_cast<int>(static_cast<unsigned>(date.month())), 1, 12) &&
           (either ? day_fits || weekday_fits : day_fits && weekday_fits);
  }

  std::array<std::string, 5> fields_;
};

class FieldMaker {
 public:
  explicit FieldMaker(unsigned seed) : engine_(seed) {}

  std::string make(int low, int high) {
    auto field = item(low, high);
    while (below(4) == 0) field += "," + item(low, high);
    return field;
  }

  int below(int limit) { return static_cast<int>(engine_() % static_cast<unsigned>(limit)); }

 private:
  std::string item(int low, int high) {
    const int first = low + below(high - low + 1);
    const int last = first + below(high - first + 1);
    switch (below(6)) {
      case 0:
        return std::to_string(first);
      case 1:
        return std::to_string(first) + "-" + std::to_string(last);
      case 2:
        return std::to_string(first) + "-" + std::to_string(last) + "/" +
               std::to_string(1 + below(high));
      case 3:
        return "*/" + std::to_string(1 + below(high));
      default:
        return "*";
    }
  }

  std::mt19937 engine_;
};

}  // namespace

TEST_CASE("cron: the next slot is strictly later, on a full minute, in UTC") {
  CHECK(after("* * * * *", "2026-11-23T09:00:00Z") == "2026-11-23T09:01:00.000Z");
  CHECK(after("* * * * *", "2026-11-23T08:59:59.999Z") == "2026-11-23T09:00:00.000Z");
  CHECK(after("0 9 * * MON-FRI", "2026-11-20T09:00:00Z") == "2026-11-23T09:00:00.000Z");
  CHECK(after("*/15 8-10 * * *", "2026-11-23T10:45:00Z") == "2026-11-24T08:00:00.000Z");
  CHECK(after("30 23 31 12 *", "2026-12-31T23:30:00Z") == "2027-12-31T23:30:00.000Z");
  CHECK(after("0 0 * jan,JUL *", "2026-02-01T00:00:00Z") == "2026-07-01T00:00:00.000Z");
  CHECK(after("5/20 * * * *", "2026-11-23T09:05:00Z") == "2026-11-23T09:25:00.000Z");
}

TEST_CASE("cron: where both days are restricted, either will do, with a star both must fit") {
  CHECK(after("0 0 13 * FRI", "2026-11-23T00:00:00Z") == "2026-11-27T00:00:00.000Z");
  CHECK(after("0 0 13 * FRI", "2026-12-12T00:00:00Z") == "2026-12-13T00:00:00.000Z");
  // The rule of vixie cron looks at the first character: "*/2" counts as a star.
  CHECK(after("0 0 */2 * MON", "2026-11-24T00:00:00Z") == "2026-12-07T00:00:00.000Z");
}

TEST_CASE("cron: 7 is Sunday too, alone and at the end of a range") {
  CHECK(after("0 0 * * 7", "2026-11-23T00:00:00Z") == "2026-11-29T00:00:00.000Z");
  CHECK(after("0 0 * * 6-7", "2026-11-28T00:00:00Z") == "2026-11-29T00:00:00.000Z");
}

TEST_CASE("cron: the 29th of February is found across a century without one") {
  CHECK(after("0 0 29 2 *", "2096-03-01T00:00:00Z") == "2104-02-29T00:00:00.000Z");
}

TEST_CASE("cron: problems name the field and its place") {
  CHECK(problem_of("* * * *") ==
        "0+7 a cron expression has five fields (minute, hour, day of the "
        "month, month, day of the week), not 4");
  CHECK(problem_of("60 * * * *") == "0+2 minute '60' is not from 0 to 59");
  CHECK(problem_of("0 9 * * MOM") == "8+3 'MOM' is not a day of the week");
  CHECK(problem_of("0 9 0 * *") == "4+1 day of the month '0' is not from 1 to 31");
  CHECK(problem_of("0 9-5 * * *") == "2+3 range '9-5' runs backwards");
  CHECK(problem_of("*/0 * * * *") == "2+1 step '0' is not from 1 to 59");
  CHECK(problem_of("1,,2 * * * *") == "2+1 a minute is missing");
  CHECK(problem_of("99999999999 * * * *") == "0+11 minute '99999999999' is not from 0 to 59");
  CHECK(problem_of("0 0 30 2 *") == "0+10 no day ever fits this cron expression");
  CHECK(problem_of("-1 * * * *") == "0+1 '' is not a minute");
}

TEST_CASE("cron: agrees with a walk minute by minute") {
  FieldMaker maker(20261123);
  int found = 0;
  for (int round = 0; round < 400; ++round) {
    const NaiveCron naive({maker.make(0, 59), maker.make(0, 23), maker.make(1, 28),
                           maker.below(3) == 0 ? maker.make(1, 12) : "*", maker.make(0, 6)});
    CAPTURE(naive.text());
    const auto cron = Cron::parse(naive.text()).value();
    auto start = at("2027-12-30T22:57:31Z") + std::chrono::minutes(maker.below(800'000));
    for (int slot = 0; slot < 4; ++slot) {
      const auto expected = naive.next_after(start, 60 * 24 * 40);
      if (!expected) break;
      ++found;
      REQUIRE(cron.next_after(start) == expected);
      start = *expected;
    }
  }
  CHECK(found > 800);
}

TEST_CASE("every: slots are multiples of the period since the epoch, whenever one looks") {
  const Every quarter{std::chrono::minutes(15)};
  CHECK(quarter.next_after(at("2026-11-23T09:00:00Z")) == at("2026-11-23T09:15:00Z"));
  CHECK(quarter.next_after(at("2026-11-23T09:14:59.999999Z")) == at("2026-11-23T09:15:00Z"));
  CHECK(quarter.next_after(at("1969-12-31T23:50:00Z")) == at("1970-01-01T00:00:00Z"));
  CHECK(quarter.next_after(at("1969-12-31T23:45:00Z")) == at("1970-01-01T00:00:00Z"));
}

TEST_CASE("schedule: both kinds have a text and a next slot") {
  const tba::Schedule cron = Cron::parse("0 9 * * MON-FRI").value();
  const tba::Schedule every = Every{std::chrono::minutes(90)};
  CHECK(tba::text_of(cron) == "0 9 * * MON-FRI");
  CHECK(tba::text_of(every) == "every 1h30m");
  CHECK(tba::next_after(cron, at("2026-11-23T08:00:00Z")) == at("2026-11-23T09:00:00Z"));
  CHECK(tba::next_after(every, at("1970-01-01T00:00:00Z")) == at("1970-01-01T01:30:00Z"));
}
