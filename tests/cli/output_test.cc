#include "cli/output.h"

#include <sstream>

#include <catch2/catch.hpp>

#include "shared/clock.h"

namespace tba::tests {

using cli::Style;

TEST_CASE("output: widths are those of a terminal") {
  CHECK(cli::display_width("abc") == 3);
  CHECK(cli::display_width("né") == 2);
  CHECK(cli::display_width("ne\u0301") == 2);
  CHECK(cli::display_width("日本") == 4);
  CHECK(cli::display_width("\xff\xfe") == 2);
  CHECK(cli::display_width("\xe6\x97") == 2);
  CHECK(cli::display_width(cli::styled("abc", Style::bad, true)) == 3);
}

TEST_CASE("output: text from outside cannot steer the terminal") {
  CHECK(cli::one_line("a\033[2Jb\nc\td\x7f") == "a\\x1b[2Jb c d\\x7f");
  CHECK(cli::one_line("a\u009bb") == "a\\x9bb");
  CHECK(cli::one_line("é日") == "é日");
}

TEST_CASE("output: what is too wide ends in an ellipsis") {
  CHECK(cli::cut_to_width("abc", 3) == "abc");
  CHECK(cli::cut_to_width("abcd", 3) == "ab…");
  CHECK(cli::cut_to_width("日本語", 4) == "日…");
  CHECK(cli::cut_to_width("abc", 0).empty());
  CHECK(cli::cut_to_width(cli::styled("abcd", Style::good, true), 3) == "\033[32mab…\033[0m");
}

TEST_CASE("output: a table's columns line up, and only colour on request") {
  cli::Table table({"A", "B", "C"});
  table.add({"日本", {"x", Style::bad}, "last\nline"});
  table.add({"a", "long", ""});
  std::ostringstream plain;
  table.print(plain, false);
  CHECK(plain.str() ==
        "A     B     C\n"
        "日本  x     last line\n"
        "a     long\n");
  std::ostringstream coloured;
  table.print(coloured, true);
  CHECK(coloured.str().find("\033[31mx   \033[0m") != std::string::npos);
}

TEST_CASE("output: a table is cut to the columns that there are, its first column last") {
  cli::Table table({"NAME", "WHEN", "WHY", "WHERE"});
  table.add({std::string(30, 'n'), "2026-11-23 09:00:00", std::string(200, 'y'), "here"});
  table.add({"日本", "now", std::string(25, 'z'), std::string(25, 'w')});
  const auto printed = [&](std::optional<std::size_t> columns) {
    std::ostringstream out;
    table.print(out, false, columns);
    return out.str();
  };
  CHECK(printed(500) == printed({}));
  CHECK(printed(105) ==
        "NAME                            WHEN                 WHY                        WHERE\n"
        "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnn  2026-11-23 09:00:00  yyyyyyyyyyyyyyyyyyyyyyyy…  here\n"
        "日本                            now                  zzzzzzzzzzzzzzzzzzzzzzzzz  "
        "wwwwwwwwwwwwwwwwwwwwwwwww\n");
  CHECK(printed(61) ==
        "NAME                            WHEN                 WHY\n"
        "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnn  2026-11-23 09:00:00  yyyyyyy…\n"
        "日本                            now                  zzzzzzz…\n");
  CHECK(printed(56) ==
        "NAME                            WHEN\n"
        "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnn  2026-11-23 09:00:00\n"
        "日本                            now\n");
  CHECK(printed(20) ==
        "NAME\n"
        "nnnnnnnnnnnnnnnnnnn…\n"
        "日本\n");
  for (std::size_t columns = 1; columns < 300; ++columns) {
    std::istringstream lines(printed(columns));
    for (std::string line; std::getline(lines, line);) {
      REQUIRE(cli::display_width(line) <= columns);
    }
  }
}

TEST_CASE("output: a value that is too long for its line goes on below itself") {
  cli::Fields fields;
  fields.add("name", "github");
  fields.add("auth", "token (bearer), 日本 (webhook_secret)");
  fields.add("empty", "");
  const auto printed = [&](std::optional<std::size_t> columns) {
    std::ostringstream out;
    fields.print(out, false, columns);
    return out.str();
  };
  CHECK(printed({}) ==
        "name:  github\n"
        "auth:  token (bearer), 日本 (webhook_secret)\n");
  CHECK(printed(26) ==
        "name:  github\n"
        "auth:  token (bearer),\n"
        "       日本\n"
        "       (webhook_secret)\n");
  CHECK(printed(1) ==
        "name:  github\n"
        "auth:  token\n"
        "       (bearer),\n"
        "       日本\n"
        "       (webhook_secret)\n");
}

TEST_CASE("output: colour only on a terminal that can, and not with NO_COLOR") {
  std::istringstream in;
  std::ostringstream out;
  const SystemClock clock;
  cli::Console console(in, out, out, clock);
  std::string no_color;
  std::string term = "xterm";
  console.environment = [&](const std::string& name) -> std::optional<std::string> {
    return name == "NO_COLOR" ? no_color : term;
  };
  CHECK(cli::wants_colour(true, console));
  CHECK_FALSE(cli::wants_colour(false, console));
  no_color = "1";
  CHECK_FALSE(cli::wants_colour(true, console));
  no_color.clear();
  term = "dumb";
  CHECK_FALSE(cli::wants_colour(true, console));
}

}  // namespace tba::tests
