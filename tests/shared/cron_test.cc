#include "shared/cron.h"

#include <array>
#include <random>

#include <catch2/catch.hpp>

#include "shared/time_format.h"

using tba::Cron;

namespace {

Cron::Time at(std::string_view text) {
  return tba::parse_local_time(text).value();
}

std::optional<Cron::Time> first_after(const Cron& cron, Cron::Time time) {
  return cron.first_in(time + std::chrono::seconds(1), at("9999-12-31T23:59:59"));
}

std::string text_of(Cron::Time time) {
  return tba::format_time(tba::Instant(time.time_since_epoch())).substr(0, 19);
}

std::string after(std::string_view cron, std::string_view start) {
  const auto time = first_after(Cron::parse(cron).value(), at(start));
  return time ? text_of(*time) : "never";
}

// The days of that month on which the expression fires at midnight.
std::vector<unsigned> days_of(const std::string& day, const std::string& weekday,
                              std::string_view month) {
  const auto cron = Cron::parse("0 0 " + day + " * " + weekday).value();
  const auto first = at(std::string(month) + "-01T00:00");
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(first));
  const std::chrono::local_days end((date.year() / date.month() + std::chrono::months(1)) / 1);
  std::vector<unsigned> days;
  for (auto time = cron.first_in(first, end); time;
       time = cron.first_in(*time + std::chrono::days(1), end))
    days.push_back(static_cast<unsigned>(
        std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(*time)).day()));
  return days;
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

  std::optional<Cron::Time> first_after(Cron::Time start, int minutes) const {
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

  bool fits(Cron::Time now) const {
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

TEST_CASE("cron: the next time is on a full minute") {
  CHECK(after("* * * * *", "2026-11-23T09:00:00") == "2026-11-23T09:01:00");
  CHECK(after("* * * * *", "2026-11-23T08:59:59") == "2026-11-23T09:00:00");
  CHECK(after("0 9 * * MON-FRI", "2026-11-20T09:00:00") == "2026-11-23T09:00:00");
  CHECK(after("*/15 8-10 * * *", "2026-11-23T10:45:00") == "2026-11-24T08:00:00");
  CHECK(after("30 23 31 12 *", "2026-12-31T23:30:00") == "2027-12-31T23:30:00");
  CHECK(after("0 0 * jan,JUL *", "2026-02-01T00:00:00") == "2026-07-01T00:00:00");
  CHECK(after("5/20 * * * *", "2026-11-23T09:05:00") == "2026-11-23T09:25:00");
}

TEST_CASE("cron: a sixth field, before the others, is the second") {
  CHECK(after("*/10 * * * * *", "2026-11-23T09:00:00") == "2026-11-23T09:00:10");
  CHECK(after("5,50 59 23 * * *", "2026-11-23T23:59:05") == "2026-11-23T23:59:50");
  CHECK(after("5,50 59 23 * * *", "2026-11-23T23:59:50") == "2026-11-24T23:59:05");
  CHECK(after("30 0 0 1 1 *", "2026-11-23T09:00:00") == "2027-01-01T00:00:30");
  CHECK(after("10 30 8 * * *", "2026-11-23T08:30:11") == "2026-11-24T08:30:10");
  CHECK(after("10 30 8,9 * * *", "2026-11-23T08:45:00") == "2026-11-23T09:30:10");
}

TEST_CASE("cron: names of whole expressions") {
  CHECK(after("@yearly", "2026-11-23T09:00:00") == "2027-01-01T00:00:00");
  CHECK(after("@annually", "2026-11-23T09:00:00") == "2027-01-01T00:00:00");
  CHECK(after("@monthly", "2026-11-23T09:00:00") == "2026-12-01T00:00:00");
  CHECK(after("@weekly", "2026-11-23T09:00:00") == "2026-11-29T00:00:00");
  CHECK(after("@daily", "2026-11-23T09:00:00") == "2026-11-24T00:00:00");
  CHECK(after("@midnight", "2026-11-23T09:00:00") == "2026-11-24T00:00:00");
  CHECK(after("  @Hourly ", "2026-11-23T09:00:00") == "2026-11-23T10:00:00");
}

TEST_CASE("cron: where both days are restricted, either will do, with a star both must fit") {
  CHECK(after("0 0 13 * FRI", "2026-11-23T00:00:00") == "2026-11-27T00:00:00");
  CHECK(after("0 0 13 * FRI", "2026-12-12T00:00:00") == "2026-12-13T00:00:00");
  // The rule of vixie cron looks at the first character: "*/2" counts as a star.
  CHECK(after("0 0 */2 * MON", "2026-11-24T00:00:00") == "2026-12-07T00:00:00");
  CHECK(after("0 0 ? * MON", "2026-11-24T00:00:00") == "2026-11-30T00:00:00");
  CHECK(after("0 0 15 * ?", "2026-11-24T00:00:00") == "2026-12-15T00:00:00");
  CHECK(after("0 0 L * MON#1", "2026-11-24T00:00:00") == "2026-11-30T00:00:00");
}

TEST_CASE("cron: 7 is Sunday too, and SUN may end a range") {
  CHECK(after("0 0 * * 7", "2026-11-23T00:00:00") == "2026-11-29T00:00:00");
  CHECK(after("0 0 * * 6-7", "2026-11-28T00:00:00") == "2026-11-29T00:00:00");
  CHECK(days_of("*", "fri-sun", "2026-11") ==
        std::vector<unsigned>{1, 6, 7, 8, 13, 14, 15, 20, 21, 22, 27, 28, 29});
  CHECK(days_of("*", "SUN-MON", "2026-11") == days_of("*", "0,1", "2026-11"));
}

TEST_CASE("cron: days counted from the end of the month") {
  using Days = std::vector<unsigned>;
  CHECK(days_of("L", "*", "2026-11") == Days{30});
  CHECK(days_of("L", "*", "2028-02") == Days{29});
  CHECK(days_of("L-3", "*", "2027-02") == Days{25});
  CHECK(days_of("L-30", "*", "2026-12") == Days{1});
  CHECK(days_of("L-30", "*", "2026-11").empty());
  CHECK(days_of("1,l,L-1", "*", "2026-11") == Days{1, 29, 30});
}

TEST_CASE("cron: the weekday that is nearest to a day, within the month") {
  using Days = std::vector<unsigned>;
  CHECK(days_of("14W", "*", "2026-11") == Days{13});  // a Saturday
  CHECK(days_of("15W", "*", "2026-11") == Days{16});  // a Sunday
  CHECK(days_of("16W", "*", "2026-11") == Days{16});
  CHECK(days_of("1W", "*", "2026-11") == Days{2});    // a Sunday
  CHECK(days_of("1W", "*", "2026-08") == Days{3});    // a Saturday
  CHECK(days_of("31W", "*", "2027-01") == Days{29});  // a Sunday
  CHECK(days_of("31w", "*", "2026-11").empty());
  CHECK(days_of("LW", "*", "2027-01") == Days{29});
  CHECK(days_of("L-1W", "*", "2026-11") == Days{30});  // the 29th is a Sunday
  CHECK(days_of("1W,15W", "*", "2026-11") == Days{2, 16});
}

TEST_CASE("cron: the second Monday, the last Friday") {
  using Days = std::vector<unsigned>;
  CHECK(days_of("*", "MON#2", "2026-11") == Days{9});
  CHECK(days_of("*", "0#5", "2026-11") == Days{29});
  CHECK(days_of("*", "7#1,3#3", "2026-11") == Days{1, 18});
  CHECK(days_of("*", "WED#5", "2026-11").empty());
  CHECK(days_of("*", "5L", "2026-11") == Days{27});
  CHECK(days_of("*", "MONL", "2026-11") == Days{30});
  CHECK(days_of("*", "0l,1L", "2026-11") == Days{29, 30});
  CHECK(days_of("*", "6L", "2027-02") == Days{27});
}

TEST_CASE("cron: every rule of days holds in each month of forty years") {
  // What the words say, day by day.
  const auto cron = [](const char* text) { return Cron::parse(text).value(); };
  const auto last_friday = cron("0 0 * * FRIL");
  const auto third_tuesday = cron("0 0 * * 2#3");
  const auto last_weekday = cron("0 0 LW * *");
  const auto near_the_first = cron("0 0 1W * *");
  for (std::chrono::local_days day(std::chrono::year(2020) / 1 / 1);
       day < std::chrono::local_days(std::chrono::year(2060) / 1 / 1);
       day += std::chrono::days(1)) {
    const std::chrono::year_month_day date(day);
    const auto number = static_cast<unsigned>(date.day());
    const auto weekday = std::chrono::weekday(day).c_encoding();
    const auto month_of = [](std::chrono::local_days any) {
      return std::chrono::year_month_day(any).month();
    };
    const bool is_workday = weekday >= 1 && weekday <= 5;
    const auto same_month_in = [&](int days) {
      return month_of(day + std::chrono::days(days)) == date.month();
    };
    CAPTURE(day.time_since_epoch().count());
    REQUIRE(last_friday.fits(day) == (weekday == 5 && !same_month_in(7)));
    REQUIRE(third_tuesday.fits(day) == (weekday == 2 && number > 14 && number <= 21));
    const auto days_to_next_workday = weekday == 5 ? 3 : 1;
    REQUIRE(last_weekday.fits(day) == (is_workday && !same_month_in(days_to_next_workday)));
    const auto days_since_last_workday = weekday == 1 ? 3 : 1;
    REQUIRE(near_the_first.fits(day) == (is_workday && !same_month_in(-days_since_last_workday)));
  }
}

TEST_CASE("cron: the 29th of February is found across a century without one") {
  CHECK(after("0 0 29 2 *", "2096-03-01T00:00:00") == "2104-02-29T00:00:00");
  CHECK(after("0 0 29 2 */6", "2096-03-01T00:00:00") == "2116-02-29T00:00:00");
}

TEST_CASE("cron: nothing is found at or behind the end") {
  const auto daily = Cron::parse("@daily").value();
  CHECK_FALSE(daily.first_in(at("2026-11-23T00:00:01"), at("2026-11-24T00:00:00")));
  CHECK(daily.first_in(at("2026-11-23T00:00:01"), at("2026-11-24T00:00:01")) ==
        at("2026-11-24T00:00:00"));
  CHECK_FALSE(daily.first_in(at("2026-11-24T00:00:00"), at("2026-11-23T00:00:00")));
}

TEST_CASE("cron: which expressions fire in every hour") {
  for (const auto* text :
       {"* * * * *", "*/15 * * * MON", "0 */1 1 * *", "30 0-23 * * *", "@hourly"})
    CHECK(Cron::parse(text).value().is_hourly());
  for (const auto* text : {"0 */2 * * *", "* 2 * * *", "0 0-22 * * *", "@daily"})
    CHECK_FALSE(Cron::parse(text).value().is_hourly());
}

TEST_CASE("cron: problems name the field and its place") {
  const std::string fields =
      "a cron expression has five fields (minute, hour, day of the month, month, day of the week), "
      "or six with the second before them, not ";
  CHECK(problem_of("* * * *") == "0+7 " + fields + "4");
  CHECK(problem_of("* * * * * * *") == "0+13 " + fields + "7");
  CHECK(problem_of("") == "0+1 " + fields + "0");
  CHECK(problem_of("60 * * * *") == "0+2 minute '60' is not from 0 to 59");
  CHECK(problem_of("60 * * * * *") == "0+2 second '60' is not from 0 to 59");
  CHECK(problem_of("0 9 * * MOM") == "8+3 'MOM' is not a day of the week");
  CHECK(problem_of("0 9 * * 8") == "8+1 day of the week '8' is not from 0 to 7");
  CHECK(problem_of("0 9 * MON *") == "6+3 'MON' is not a month");
  CHECK(problem_of("0 9 0 * *") == "4+1 day of the month '0' is not from 1 to 31");
  CHECK(problem_of("0 9-5 * * *") == "2+3 range '9-5' runs backwards");
  CHECK(problem_of("0 9 * * FRI-MON") == "8+7 range 'FRI-MON' runs backwards");
  CHECK(problem_of("*/0 * * * *") == "2+1 step '0' is not from 1 to 59");
  CHECK(problem_of("*/x * * * *") == "2+1 'x' is not a step");
  CHECK(problem_of("*/ * * * *") == "2+1 '' is not a step");
  CHECK(problem_of("*/2/3 * * * *") == "2+3 '2/3' is not a step");
  CHECK(problem_of("1,,2 * * * *") == "2+1 a minute is missing");
  CHECK(problem_of("99999999999 * * * *") == "0+11 minute '99999999999' is not from 0 to 59");
  CHECK(problem_of("-1 * * * *") == "0+1 '' is not a minute");
  CHECK(problem_of("1- * * * *") == "2+1 '' is not a minute");
  CHECK(problem_of("** * * * *") == "0+2 '**' is not a minute");
}

TEST_CASE("cron: problems with letters that stand only in some fields") {
  CHECK(problem_of("? * * * *") == "0+1 '?' stands only for a day of the month or of the week");
  CHECK(problem_of("0 L * * *") == "2+1 'L' stands only in the day of the month and of the week");
  CHECK(problem_of("0 5L * * *") == "2+2 'L' stands only in the day of the month and of the week");
  CHECK(problem_of("0 0 * 15W *") == "6+3 'W' stands only in the day of the month");
  CHECK(problem_of("0 0 * * 5W") == "8+2 'W' stands only in the day of the month");
  CHECK(problem_of("0 0 1#2 * *") == "4+3 '#' stands only in the day of the week");
  CHECK(problem_of("0 0 * * L") == "8+1 'L' follows a single day of the week, as in 5L");
  CHECK(problem_of("0 0 * * 1-5L") == "8+4 'L' follows a single day of the week, as in 5L");
  CHECK(problem_of("0 0 * * *#2") == "8+3 '#' follows a single day of the week, as in MON#2");
  CHECK(problem_of("0 0 * * MON#6") == "12+1 week of the month '6' is not from 1 to 5");
  CHECK(problem_of("0 0 * * MON#") == "12+1 '' is not a week of the month");
  CHECK(problem_of("0 0 * * MUN#2") == "8+3 'MUN' is not a day of the week");
  CHECK(problem_of("0 0 1-5W * *") == "4+4 'W' follows a single day of the month, or L");
  CHECK(problem_of("0 0 W * *") == "4+1 'W' follows a single day of the month, or L");
  CHECK(problem_of("0 0 32W * *") == "4+2 day of the month '32' is not from 1 to 31");
  CHECK(problem_of("0 0 L-31 * *") ==
        "6+2 number of days before the last '31' is not from 1 to 30");
  CHECK(problem_of("0 0 L3 * *") ==
        "4+2 'L3' is not a day of the month: behind L there may be a number of days, as in L-3, "
        "and W");
}

TEST_CASE("cron: problems with names of whole expressions") {
  CHECK(problem_of(" @dayly") ==
        "1+6 '@dayly' is none of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly "
        "(did you mean '@daily'?)");
  CHECK_THAT(problem_of("@reboot"), Catch::StartsWith("0+7 '@reboot' is none of @yearly"));
}

TEST_CASE("cron: what no day ever fits is a problem") {
  for (const auto* text : {"0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 31W 6 ?", "0 0 L-30 2 *",
                           "0 0 L-29 2 *", "0 0 0 30,31 FEB *"}) {
    CHECK(problem_of(text) == "0+" + std::to_string(std::string_view(text).size()) +
                                  " no day ever fits this cron expression");
  }
  CHECK(problem_of("0 0 29W 2 *") == "none");
  CHECK(problem_of("0 0 L-28 2 *") == "none");
  CHECK(problem_of("0 0 30 2 MON#5") == "none");
}

TEST_CASE("cron: agrees with a walk minute by minute") {
  FieldMaker maker(20261123);
  int found = 0;
  for (int round = 0; round < 400; ++round) {
    const NaiveCron naive({maker.make(0, 59), maker.make(0, 23), maker.make(1, 28),
                           maker.below(3) == 0 ? maker.make(1, 12) : "*", maker.make(0, 6)});
    CAPTURE(naive.text());
    const auto cron = Cron::parse(naive.text()).value();
    auto start = at("2027-12-30T22:57:31") + std::chrono::minutes(maker.below(800'000));
    for (int slot = 0; slot < 4; ++slot) {
      const auto expected = naive.first_after(start, 60 * 24 * 40);
      if (!expected) break;
      ++found;
      REQUIRE(first_after(cron, start) == expected);
      start = *expected;
    }
  }
  CHECK(found > 800);
}
