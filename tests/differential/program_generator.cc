#include "tests/differential/program_generator.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>

namespace tba::tests {
namespace {

// How tightly operators bind, from the loosest.
constexpr int kBinding = -1;  // reaches to the end of the text: always in parentheses
constexpr int kPipe = 0;
constexpr int kComma = 1;
constexpr int kDefault = 2;
constexpr int kAssign = 3;
constexpr int kOr = 4;
constexpr int kAnd = 5;
constexpr int kCompare = 6;
constexpr int kAdd = 7;
constexpr int kMultiply = 8;
constexpr int kBlock = 9;  // if, reduce, foreach, try
constexpr int kTerm = 10;

constexpr bool chains(int level) {
  return level != kAssign && level != kCompare;
}

/// One way to write an expression. Types: n number, s string, b boolean, N S arrays of those, r a
/// record like {"k": "a", "v": 1, "t": [1]}, O an array of records, R the whole input, m anything,
/// i an integer, p a path into a record.
///
/// In the pattern `~n` stands for an expression of type n, `#n` for one as an operand, in
/// parentheses where it binds less tightly; `~{n@r+s!}` for one whose `.` is a record, which has
/// the variable `$s` in scope, and which must not catch errors.
struct Production {
  char type;
  char dot;  ///< What `.` has to be; '*' for anything.
  int level;
  const char* pattern;
};

constexpr Production kProductions[] = {
    // Numbers.
    {'n', '*', kTerm, "0"},
    {'n', '*', kTerm, "1"},
    {'n', '*', kTerm, "2"},
    {'n', '*', kTerm, "3.5"},
    {'n', '*', kTerm, "10"},
    {'n', 'n', kTerm, "."},
    {'n', 'R', kTerm, ".n"},
    {'n', 'R', kTerm, ".d"},
    {'n', 'R', kTerm, ".o.v"},
    {'n', 'R', kTerm, ".m[1]"},
    {'n', 'r', kTerm, ".v"},
    {'n', 'N', kTerm, ".[0]"},
    {'n', 'N', kTerm, ".[-1]"},
    {'n', '*', kAdd, "#n + #n"},
    {'n', '*', kAdd, "#n - #n"},
    {'n', '*', kMultiply, "#n * #n"},
    {'n', '*', kMultiply, "#n / 4"},
    {'n', '*', kMultiply, "#n % 7"},
    {'n', '*', kTerm, "(-#n)"},
    {'n', '*', kComma, "#n, #n"},
    {'n', '*', kPipe, "#n | ~{n@n}"},
    {'n', '*', kPipe, "#s | length"},
    {'n', '*', kPipe, "#s | utf8bytelength"},
    {'n', '*', kPipe, "#N | length"},
    {'n', '*', kPipe, "#N | add"},
    {'n', '*', kPipe, "#N | min"},
    {'n', '*', kPipe, "#N | max"},
    {'n', '*', kPipe, "#r | length"},
    {'n', '*', kPipe, "#n | floor"},
    {'n', '*', kPipe, "#n | ceil"},
    {'n', '*', kPipe, "#n | round"},
    {'n', '*', kPipe, "#n | fabs"},
    {'n', '*', kPipe, "#n | length"},
    {'n', '*', kPipe, "#n | tostring | tonumber"},
    {'n', '*', kPipe, "#s | tonumber"},
    {'n', '*', kTerm, "#N[~i]"},
    {'n', '*', kTerm, "#N[]"},
    {'n', '*', kTerm, "#O[].v"},
    {'n', '*', kBlock, "if ~b then ~n else ~n end"},
    {'n', '*', kBlock, "if ~b then ~n elif ~b then ~n else ~n end"},
    {'n', '*', kBlock, "reduce #N[] as $n (first(~{n!}); ~{n@n+n})"},
    {'n', '*', kBlock, "reduce #O[] as {$v} (first(~{n!}); . + $v)"},
    {'n', '*', kBlock, "foreach #N[] as $n (first(~{n!}); ~{n@n+n})"},
    {'n', '*', kBlock, "foreach #N[] as $n (first(~{n!}); ~{n@n+n}; ~{n@n+n})"},
    {'n', '*', kBinding, "#n as $n | ~{n+n}"},
    {'n', '*', kBinding, "#N as [$n, $m] | ~{n+n}"},
    {'n', '*', kBinding, "#O[] as {v: $n} | ~{n+n}"},
    {'n', '*', kPipe, "[#m as [$n] ?// $n | [$n]] | length"},
    {'n', '*', kBinding, "def f: ~{n@n}; #n | f"},
    {'n', '*', kBinding, "def f(g): g + 1; f(~n)"},
    {'n', '*', kBinding, "def f($n): ~{n+n}; f(~n)"},
    {'n', '*', kBinding, "def f(g; $n): [g, $n] | add; f(~n; ~n)"},
    {'n', '*', kBinding, "def f: if . > 5 then . else . + 2 | f end; #n | f"},
    {'n', '*', kBinding, "label $out | #N[] | if . > 2 then ., break $out else . end"},
    {'n', '*', kTerm, "first(~{n!})"},
    {'n', '*', kTerm, "last(~n)"},
    {'n', '*', kTerm, "limit(2; ~{n!})"},
    {'n', '*', kTerm, "nth(1; ~{n!})"},
    {'n', '*', kTerm, "range(~n)"},
    {'n', '*', kTerm, "range(0; ~i; 2)"},
    {'n', '*', kPipe, "#N | index(~n)"},
    {'n', '*', kPipe, "#n | until(. > 20; . * 2 + 1)"},
    {'n', '*', kPipe, "#n | while(. < 20; . * 3 + 1)"},
    {'n', '*', kDefault, "#n // #n"},
    {'n', '*', kDefault, "(#N | .[7]) // #n"},
    {'n', '*', kTerm, "(~n | select(~{b@n}))"},
    {'n', '*', kTerm, "pow(~n; 2)"},
    {'n', '*', kTerm, "[#m?][0]"},
    // Integers.
    {'i', '*', kTerm, "0"},
    {'i', '*', kTerm, "1"},
    {'i', '*', kTerm, "-1"},
    {'i', '*', kTerm, "3"},
    {'i', '*', kPipe, "#n | floor"},
    {'i', '*', kPipe, "#N | length"},
    {'i', '*', kComma, "#i, #i"},
    // Strings.
    {'s', '*', kTerm, "\"\""},
    {'s', '*', kTerm, "\"a\""},
    {'s', '*', kTerm, "\"b c\""},
    {'s', '*', kTerm, "\"x\\n\\\"y\\\"\""},
    {'s', '*', kTerm, "\"12\""},
    {'s', 's', kTerm, "."},
    {'s', 'R', kTerm, ".s"},
    {'s', 'R', kTerm, ".u"},
    {'s', 'R', kTerm, ".o.k"},
    {'s', 'R', kTerm, ".m[0]"},
    {'s', 'r', kTerm, ".k"},
    {'s', 'S', kTerm, ".[0]"},
    {'s', '*', kAdd, "#s + #s"},
    {'s', '*', kMultiply, "#s * 2"},
    {'s', '*', kTerm, "\"<\\(~m)>\""},
    {'s', '*', kTerm, "\"\\(~n)-\\(~s)\""},
    {'s', '*', kTerm, "@json \"v=\\(~m)\""},
    {'s', '*', kTerm, "@sh \"echo \\(~s)\""},
    {'s', '*', kPipe, "#s | ~{s@s}"},
    {'s', '*', kPipe, "#m | tostring"},
    {'s', '*', kPipe, "#m | tojson"},
    {'s', '*', kPipe, "#m | type"},
    {'s', '*', kPipe, "#m | @text"},
    {'s', '*', kPipe, "#m | @html"},
    {'s', '*', kPipe, "#s | @uri"},
    {'s', '*', kPipe, "#s | @base64"},
    {'s', '*', kPipe, "#s | @base64 | @base64d"},
    {'s', '*', kPipe, "#N | @csv"},
    {'s', '*', kPipe, "#S | @csv"},
    {'s', '*', kPipe, "#S | @tsv"},
    {'s', '*', kPipe, "#S | @sh"},
    {'s', '*', kPipe, "#s | ascii_downcase"},
    {'s', '*', kPipe, "#s | ascii_upcase"},
    {'s', '*', kPipe, "#s | ltrimstr(~s)"},
    {'s', '*', kPipe, "#s | rtrimstr(~s)"},
    {'s', '*', kPipe, "#s | explode | implode"},
    {'s', '*', kPipe, "#s | sub(\"[a-c]\"; \"<>\")"},
    {'s', '*', kPipe, "#s | gsub(\"(?<x>[a-c])\"; \"<\\(.x)>\")"},
    {'s', '*', kPipe, "#s | gsub(\" +\"; \"_\")"},
    {'s', '*', kPipe, "#s | [match(\"[a-z]+\"; \"g\").string] | join(\"+\")"},
    {'s', '*', kPipe, "#s | scan(\"[a-z]\")"},
    {'s', '*', kPipe, "#s | splits(\" \")"},
    {'s', '*', kPipe, "#S | join(~s)"},
    {'s', '*', kPipe, "#S | add"},
    {'s', '*', kPipe, "#S | min"},
    {'s', '*', kPipe, "#r | keys[0]"},
    {'s', '*', kPipe, "#r | to_entries[0].key"},
    {'s', '*', kTerm, "#s[1:]"},
    {'s', '*', kTerm, "#s[:-1]"},
    {'s', '*', kTerm, "#s[~n:~n]"},
    {'s', '*', kTerm, "#S[~i]"},
    {'s', '*', kTerm, "#S[]"},
    {'s', '*', kTerm, "#O[].k"},
    {'s', '*', kBlock, "if ~b then ~s else ~s end"},
    {'s', '*', kBlock, "reduce #S[] as $s (first(~{s!}); ~{s@s+s})"},
    {'s', '*', kBinding, "#s as $s | ~{s+s}"},
    {'s', '*', kBinding, "#O[] as {k: $s, v: $n} | ~{s+sn}"},
    {'s', '*', kPipe, "[#m as {k: $s} ?// [$s] ?// $s | $s] | tojson"},
    {'s', '*', kDefault, "#s // #s"},
    {'s', '*', kDefault, "(#r | .none) // #s"},
    {'s', '*', kTerm, "[try #m catch .][0]"},
    {'s', '*', kTerm, "[try error(\"e\" + #s) catch .][0]"},
    {'s', '*', kTerm, "first(~{s!})"},
    // Booleans.
    {'b', '*', kTerm, "true"},
    {'b', '*', kTerm, "false"},
    {'b', '*', kTerm, "null"},
    {'b', 'b', kTerm, "."},
    {'b', 'R', kTerm, ".b"},
    {'b', '*', kCompare, "#n == #n"},
    {'b', '*', kCompare, "#n < #n"},
    {'b', '*', kCompare, "#n >= #n"},
    {'b', '*', kCompare, "#s == #s"},
    {'b', '*', kCompare, "#s > #s"},
    {'b', '*', kCompare, "#m <= #m"},
    {'b', '*', kCompare, "#m != #m"},
    {'b', '*', kAnd, "#b and #b"},
    {'b', '*', kOr, "#b or #b"},
    {'b', '*', kPipe, "#b | not"},
    {'b', '*', kPipe, "#s | startswith(~s)"},
    {'b', '*', kPipe, "#s | endswith(~s)"},
    {'b', '*', kPipe, "#s | contains(~s)"},
    {'b', '*', kPipe, "#s | test(\"^[a-c]+$\")"},
    {'b', '*', kPipe, "#s | test(\"B\"; \"i\")"},
    {'b', '*', kPipe, "#N | any(.[]; . > 1)"},
    {'b', '*', kPipe, "#N | all(.[]; . > 1)"},
    {'b', '*', kPipe, "#N | any"},
    {'b', '*', kPipe, "#N | contains(~N)"},
    {'b', '*', kPipe, "#S | inside(~S)"},
    {'b', '*', kPipe, "#r | has(~s)"},
    {'b', '*', kPipe, "#N | has(~i)"},
    {'b', '*', kPipe, "#n | IN(~{n!})"},
    {'b', '*', kDefault, "#b // #b"},
    // Arrays of numbers, of strings, of records.
    {'N', '*', kTerm, "[]"},
    {'N', '*', kTerm, "[3,1,2]"},
    {'N', 'N', kTerm, "."},
    {'N', 'R', kTerm, ".N"},
    {'N', 'r', kTerm, ".t"},
    {'N', '*', kTerm, "[~n]"},
    {'N', '*', kTerm, "[#N[] | ~{n@n}]"},
    {'N', '*', kAdd, "#N + #N"},
    {'N', '*', kAdd, "#N - #N"},
    {'N', '*', kPipe, "#N | map(~{n@n})"},
    {'N', '*', kPipe, "#N | map(select(~{b@n}))"},
    {'N', '*', kPipe, "#N | ~{N@N}"},
    {'N', '*', kPipe, "#N | sort"},
    {'N', '*', kPipe, "#N | sort_by(~{n@n})"},
    {'N', '*', kPipe, "#N | unique"},
    {'N', '*', kPipe, "#N | reverse"},
    {'N', '*', kPipe, "#N | unique_by(~{n@n})"},
    {'N', '*', kPipe, "#N | group_by(~{n@n})[]"},
    {'N', '*', kPipe, "#O | map(.v)"},
    {'N', '*', kPipe, "#O | map(.t) | flatten"},
    {'N', '*', kPipe, "[#N, #N] | transpose | flatten"},
    {'N', '*', kPipe, "[#N, [#N]] | flatten"},
    {'N', '*', kPipe, "[(#N)[:2], (#N)[:2]] | [combinations | add]"},
    {'N', '*', kPipe, "#s | explode"},
    {'N', '*', kPipe, "#N | indices(~n)"},
    {'N', '*', kPipe, "#N | .[~i] = ~n"},
    {'N', '*', kPipe, "#N | .[0] |= ~{n@n!}"},
    {'N', '*', kPipe, "#N | .[] += ~{n@N}"},
    {'N', '*', kPipe, "#N | .[1:] = ~N"},
    {'N', '*', kPipe, "#N | map_values(. * 2)"},
    {'N', '*', kPipe, "#N | del(.[~{i@N}])"},
    {'N', '*', kPipe, "#N | del(.[] | select(~{b@n}))"},
    {'N', '*', kTerm, "#N[~n:]"},
    {'N', '*', kTerm, "#N[:~n]"},
    {'N', '*', kTerm, "[limit(3; ~{n!})]"},
    {'N', '*', kTerm, "[range(~n; ~n)]"},
    {'N', '*', kTerm, "[foreach #N[] as $n (0; . + $n; [$n, .])][] "},
    {'N', '*', kTerm, "[.. | numbers]"},
    {'N', '*', kBlock, "reduce #N[] as $n (first(~{N!}); . + [$n])"},
    {'N', '*', kBlock, "if ~b then ~N else ~N end"},
    {'N', '*', kTerm, "[#N | .. | scalars]"},
    {'N', '*', kTerm, "[#N | tostream | length]"},
    {'S', '*', kTerm, "[\"a\",\"b\",\"c\"]"},
    {'S', 'S', kTerm, "."},
    {'S', 'R', kTerm, ".S"},
    {'S', '*', kTerm, "[~s]"},
    {'S', '*', kTerm, "[~s, ~s]"},
    {'S', '*', kTerm, "[#S[] | ~{s@s}]"},
    {'S', '*', kAdd, "#S + #S"},
    {'S', '*', kPipe, "#s | split(~s)"},
    {'S', '*', kMultiply, "#s / #s"},
    {'S', '*', kPipe, "#S | map(~{s@s})"},
    {'S', '*', kPipe, "#S | map(select(~{b@s}))"},
    {'S', '*', kPipe, "#S | sort"},
    {'S', '*', kPipe, "#S | sort_by(~{n@s})"},
    {'S', '*', kPipe, "#S | unique"},
    {'S', '*', kPipe, "#O | map(.k)"},
    {'S', '*', kPipe, "#r | keys"},
    {'S', '*', kPipe, "#O | group_by(.k) | map(.[0].k)"},
    {'S', '*', kPipe, "#s | [scan(\"[a-z]+\")]"},
    {'S', '*', kTerm, "[paths | tojson]"},
    {'S', '*', kTerm, "[leaf_paths | join(\".\")]"},
    {'O', '*', kTerm, "[{k:\"a\",v:1,t:[]}]"},
    {'O', 'O', kTerm, "."},
    {'O', 'R', kTerm, ".O"},
    {'O', '*', kTerm, "[~r]"},
    {'O', '*', kAdd, "#O + #O"},
    {'O', '*', kPipe, "#O | map(~{r@r})"},
    {'O', '*', kPipe, "#O | map(select(~{b@r}))"},
    {'O', '*', kPipe, "#O | sort_by(~{m@r})"},
    {'O', '*', kPipe, "#O | sort_by(.v, .k)"},
    {'O', '*', kPipe, "#O | unique_by(~{m@r})"},
    {'O', '*', kPipe, "#O | group_by(~{m@r}) | map(.[0])"},
    {'O', '*', kPipe, "#O | .[].v |= ~{n@n!}"},
    {'O', '*', kPipe, "#O | .[0].v = ~n"},
    {'O', '*', kPipe, "#O | map(~{r@r} + {v: (~{n@r})})"},
    // Records.
    {'r', '*', kTerm, "{}"},
    {'r', '*', kTerm, "{k:\"x\",v:2}"},
    {'r', 'r', kTerm, "."},
    {'r', 'R', kTerm, ".o"},
    {'r', 'O', kTerm, ".[0]"},
    {'r', '*', kTerm, "{k: #s, v: #n}"},
    {'r', '*', kTerm, "{(~s): #m, v: #n}"},
    {'r', '*', kTerm, "{\"a\\(~n)\": #m}"},
    {'r', 'r', kTerm, "{k, v}"},
    {'r', '*', kTerm, "#O[~i]"},
    {'r', '*', kTerm, "#O[]"},
    {'r', '*', kAdd, "#r + #r"},
    {'r', '*', kMultiply, "#r * #r"},
    {'r', '*', kPipe, "#r | .v = ~{n@r}"},
    {'r', '*', kPipe, "#r | .v |= ~{n@n!}"},
    {'r', '*', kPipe, "#r | .v += ~{n@r}"},
    {'r', '*', kPipe, "#r | .n //= ~{n@r}"},
    {'r', '*', kPipe, "#r | .t[0] = ~{n@r}"},
    {'r', '*', kPipe, "#r | .x.y.z = ~{m@r}"},
    {'r', '*', kPipe, "#r | .[~{s@r}] = ~{n@r}"},
    {'r', '*', kPipe, "#r | (~{p@r}) = ~{n@r}"},
    {'r', '*', kPipe, "#r | (~{p@r}) |= tojson"},
    {'r', '*', kPipe, "#r | (~{p@r}) |= [.]"},
    {'r', '*', kPipe, "#r | del(~{p@r})"},
    {'r', '*', kPipe, "#r | del(.k, .v)"},
    {'r', '*', kPipe, "#r | with_entries(.value |= tojson)"},
    {'r', '*', kPipe, "#r | with_entries(select(.key > ~{s@m}))"},
    {'r', '*', kPipe, "#r | map_values(~{m@m})"},
    {'r', '*', kPipe, "#r | to_entries | from_entries"},
    {'r', '*', kPipe, "#r | to_entries | map({(.key): .value}) | add"},
    {'r', '*', kPipe, "#O | INDEX(.k)"},
    {'r', '*', kPipe, "#O | max_by(~{m@r})"},
    {'r', '*', kPipe, "#O | min_by(~{m@r})"},
    {'r', '*', kPipe, "#O | map({(.k): .v}) | add"},
    {'r', '*', kPipe, "#s | capture(\"(?<k>[a-z])(?<v>[0-9])?\")"},
    {'r', '*', kBlock, "reduce #O[] as {k: $s, v: $n} ({}; .[$s] += $n)"},
    {'r', '*', kBlock, "if ~b then ~r else ~r end"},
    {'r', '*', kBinding, "#r as $r | ~{r+r}"},
    {'r', '*', kBinding, "#r as {$k, v: $n} | {$k, n: $n}"},
    {'r', '*', kPipe, "#r | fromstream(tostream)"},
    {'r', '*', kPipe, "#r | setpath([~s]; ~n)"},
    {'r', '*', kPipe, "#r | delpaths([[~s]])"},
    // Anything.
    {'m', 'm', kTerm, "."},
    {'m', '*', kTerm, "."},
    {'m', '*', kTerm, "null"},
    {'m', 'R', kTerm, ".m"},
    {'m', '*', kTerm, "~n"},
    {'m', '*', kTerm, "~s"},
    {'m', '*', kTerm, "~b"},
    {'m', '*', kTerm, "~N"},
    {'m', '*', kTerm, "~S"},
    {'m', '*', kTerm, "~O"},
    {'m', '*', kTerm, "~r"},
    {'m', '*', kTerm, "[~m, ~m]"},
    {'m', '*', kTerm, "{a: #m}"},
    {'m', '*', kPipe, "#r | .none"},
    {'m', '*', kPipe, "#r | ~{p@r}"},
    {'m', '*', kPipe, "#r | [path(~{p@r})]"},
    {'m', '*', kPipe, "#m | [path(..)] | length"},
    {'m', '*', kPipe, "#m | [paths]"},
    {'m', '*', kPipe, "#m | [tostream]"},
    {'m', '*', kPipe, "#O | group_by(~{m@r})"},
    {'m', '*', kPipe, "#m | tojson | fromjson"},
    {'m', '*', kPipe, "#m | [..]"},
    {'m', '*', kPipe, "#m | keys"},
    {'m', '*', kPipe, "#m | length"},
    {'m', '*', kPipe, "#m | add"},
    {'m', '*', kPipe, "#r | to_entries"},
    {'m', '*', kPipe, "#r | getpath([\"t\", ~{i@r}])"},
    {'m', '*', kPipe, "#s | [match(\"([a-z])([0-9])?\"; \"g\")]"},
    {'m', '*', kTerm, "[.[]?]"},
    {'m', '*', kTerm, "[#m[]?]"},
    {'m', '*', kTerm, "[#m.k?]"},
    {'m', '*', kTerm, "[try #m catch \"caught\"]"},
    {'m', '*', kTerm, "[#m[~i]?]"},
    {'m', '*', kComma, "#m, #m"},
    {'m', '*', kTerm, "empty"},
    {'m', '*', kTerm, "error(\"e\" + #s)"},
    {'m', '*', kDefault, "#m // #m"},
    {'m', '*', kTerm, "(#m | values)"},
    {'m', '*', kTerm, "(#m | nulls)"},
    {'m', '*', kTerm, "(#m | arrays, objects)"},
    {'m', '*', kBinding, "#m as $m | ~{m+m}"},
    {'m', '*', kPipe, "#m | sort"},
    {'m', '*', kPipe, "[#m, #m, #m] | sort"},
    {'m', '*', kPipe, "[#m, #m, #m] | unique"},
    {'m', '*', kPipe, "[#m, #m] | min"},
    // Paths of a record.
    {'p', '*', kTerm, ".v"},
    {'p', '*', kTerm, ".k"},
    {'p', '*', kTerm, ".t"},
    {'p', '*', kTerm, ".t[0]"},
    {'p', '*', kTerm, ".t[-1]"},
    {'p', '*', kTerm, ".t[1:]"},
    {'p', '*', kTerm, ".x.y"},
    {'p', '*', kTerm, ".[\"k\"]"},
    {'p', '*', kTerm, "getpath([\"x\",\"z\"])"},
    {'p', '*', kTerm, ".t[]"},
    {'p', '*', kTerm, "(.v | select(~{b@n}))"},
    {'p', '*', kTerm, "(.t[] | select(~{b@n}))"},
    {'p', '*', kComma, "#p, #p"},
    {'p', '*', kTerm, "(if ~b then ~p else ~p end)"},
    {'p', '*', kTerm, "first(~{p!})"},
    {'p', '*', kTerm, "(.x | .y)"},
    {'p', '*', kDefault, ".none // #p"},
    {'p', '*', kTerm, "(.. | select(type == \"number\"))"},
    {'p', '*', kTerm, "empty"},
};

constexpr std::string_view kTypes = "nsbNSOrm";

bool catches(const Production& production) {
  const std::string_view pattern = production.pattern;
  return pattern.find('?') != std::string_view::npos ||
         pattern.find("try") != std::string_view::npos;
}

bool has_parts(const Production& production) {
  return std::string_view(production.pattern).find_first_of("~#") != std::string_view::npos;
}

/// Whether a suffix may stand right behind it: `.a`, `$x`, `[1]`, but no number, whose fraction
/// would go on, and no lone dot.
bool is_name(const Expression& expression) {
  const auto text = expression.text();
  return text.size() > 1 && std::string_view(".$[").find(text[0]) != std::string_view::npos;
}

/// A gap in a pattern: `n`, or `{n@r+s}`.
struct Gap {
  char type = 'm';
  char dot = 0;  ///< 0: as outside.
  std::string variables;
  bool catches_nothing = false;
};

Gap read_gap(std::string_view& rest) {
  Gap gap;
  if (!rest.starts_with('{')) {
    gap.type = rest[0];
    rest.remove_prefix(1);
    return gap;
  }
  const auto end = rest.find('}');
  auto inside = rest.substr(1, end - 1);
  rest.remove_prefix(end + 1);
  gap.type = inside[0];
  inside.remove_prefix(1);
  if (inside.starts_with('@')) {
    gap.dot = inside[1];
    inside.remove_prefix(2);
  }
  if (inside.ends_with('!')) {
    gap.catches_nothing = true;
    inside.remove_suffix(1);
  }
  if (inside.starts_with('+')) gap.variables = inside.substr(1);
  return gap;
}

}  // namespace

std::string Expression::text() const {
  std::string result = texts[0];
  for (std::size_t i = 0; i < parts.size(); ++i) result += parts[i].text() + texts[i + 1];
  return result;
}

Expression ProgramGenerator::program() {
  return expression('m', {}, 3 + static_cast<int>(below(3)));
}

Expression ProgramGenerator::expression(char type, const Scope& scope, int depth) {
  if (type != 'p' && type != 'i' && below(40) == 0) type = kTypes[below(kTypes.size())];
  if (scope.variables.find(type) != std::string::npos && below(3) == 0)
    return {{std::string("$") + type}, {}, kTerm};

  std::vector<const Production*> fitting;
  for (const auto& production : kProductions) {
    if (production.type != type) continue;
    if (production.dot != '*' && production.dot != scope.dot) continue;
    if (has_parts(production) && depth <= 0) continue;
    if (!has_parts(production) && depth > 2 && type != 'i') continue;
    if (catches(production) && scope.catches_nothing) continue;
    // What is about the input stands for much that could be written.
    const int weight = production.dot == '*' ? 1 : has_parts(production) ? 2 : 6;
    for (int i = 0; i < weight; ++i) fitting.push_back(&production);
  }
  const auto& chosen = *fitting[below(static_cast<std::uint32_t>(fitting.size()))];
  return filled(chosen.pattern, chosen.level, scope, depth);
}

Expression ProgramGenerator::filled(const char* pattern, int level, const Scope& scope, int depth) {
  Expression made{{""}, {}, level, level == kCompare};
  for (std::string_view rest = pattern; !rest.empty();) {
    const char next = rest[0];
    rest.remove_prefix(1);
    if (next != '~' && next != '#') {
      made.texts.back() += next;
      continue;
    }
    const auto gap = read_gap(rest);
    Scope inner = scope;
    if (gap.dot != 0) inner.dot = gap.dot;
    inner.variables += gap.variables;
    inner.catches_nothing = inner.catches_nothing || gap.catches_nothing;
    auto part = expression(gap.type, inner, depth - 1);

    // A gap on its own is a whole expression. An operand may be regrouped by what stands around it,
    // which is as good a program; but comparisons must not stand in a row.
    const bool is_alone = made.texts.size() == 1 && made.texts[0].empty() && rest.empty();
    const bool is_operand = next == '#' || is_alone;
    const int needed = level == kBinding || level == kBlock ? kTerm : level;
    bool in_parentheses = is_operand && part.level <= needed;
    if (part.level == kTerm && needed == kTerm) in_parentheses = is_operand && !is_name(part);
    if (in_parentheses && part.level >= kPipe && level <= kMultiply && level >= kPipe &&
        chains(level) && !part.is_comparison && !made.is_comparison && below(3) == 0)
      in_parentheses = false;
    if (in_parentheses) made.texts.back() += '(';
    if (!in_parentheses && level != kTerm) {
      made.is_comparison = made.is_comparison || part.is_comparison;
      if (is_operand) made.level = std::min(made.level, part.level);
    }
    made.parts.push_back(std::move(part));
    made.texts.push_back(in_parentheses ? ")" : "");
  }
  return made;
}

std::string ProgramGenerator::word() {
  static constexpr std::array<const char*, 12> kWords = {
      "", "a", "b", "c", "abc", "b c", "12", "-3.5", "a1b2", "x,y", "é", "Ab cA"};
  return '"' + std::string(kWords[below(kWords.size())]) + '"';
}

std::string ProgramGenerator::scalar() {
  static constexpr std::array<const char*, 10> kNumbers = {"0",   "1", "2",  "3",    "-1",
                                                           "2.5", "7", "12", "-0.5", "100"};
  return kNumbers[below(kNumbers.size())];
}

std::string ProgramGenerator::input() {
  const auto list = [this](auto item) {
    std::string text = "[";
    for (std::uint32_t i = 0, count = below(5); i < count; ++i)
      text += (i == 0 ? "" : ",") + item();
    return text + "]";
  };
  const auto number = [this] { return scalar(); };
  const auto text = [this] { return word(); };
  const auto record = [&] {
    std::string made = "{\"k\":" + word() + ",\"v\":" + scalar();
    if (below(3) != 0) made += ",\"t\":" + list(number);
    return made + "}";
  };
  const auto anything = [&]() -> std::string {
    switch (below(6)) {
      case 0:
        return "null";
      case 1:
        return below(2) == 0 ? "true" : "false";
      case 2:
        return word();
      case 3:
        return list(number);
      case 4:
        return record();
      default:
        return scalar();
    }
  };
  return "{\"n\":" + scalar() + ",\"s\":" + word() +
         ",\"b\":" + (below(2) == 0 ? "true" : "false") + ",\"u\":" + word() +
         ",\"d\":" + scalar() + ",\"N\":" + list(number) + ",\"S\":" + list(text) +
         ",\"o\":" + record() + ",\"O\":" + list(record) + ",\"m\":" + list(anything) + "}";
}

}  // namespace tba::tests
