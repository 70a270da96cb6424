# The functions of the language that are written in it. What begins with an underscore is written in
# C++ and known only here. A function that is called and does not call itself becomes part of the
# code of its caller.

# --- choosing

def values: select(. != null);
def nulls: select(. == null);
def booleans: select(type == "boolean");
def numbers: select(type == "number");
def strings: select(type == "string");
def arrays: select(type == "array");
def objects: select(type == "object");
def iterables: select(type | . == "array" or . == "object");
def scalars: select(type | . != "array" and . != "object");
def finites: select(isinfinite or isnan | not);
def normals: select(isnormal);
def select(f): if f then . else empty end;
def isvalid(f): try (f | true) catch false;

# --- arrays and objects

def map(f): [.[] | f];
def map_values(f): _with_values([.[] | [first(f)]]);
def with_entries(f): to_entries | map(f) | from_entries;
def del(f): delpaths([path(f)]);
def pick(f): . as $top | reduce path(f) as $path (null; setpath($path; $top | getpath($path)));
def sort_by(f): _sort_by(map([f]));
def group_by(f): _group_by(map([f]));
def unique_by(f): _unique_by(map([f]));
def min_by(f): _min_by(map([f]));
def max_by(f): _max_by(map([f]));
def in(f): . as $key | f | has($key);
def inside(f): . as $part | f | contains($part);
def combinations:
  if length == 0 then [] else .[0][] as $first | (.[1:] | combinations) as $rest | [$first] + $rest end;
def combinations(n): . as $items | [range(n)] | map($items) | combinations;
def walk(f):
  def walked: (if type == "object" then map_values(walked) elif type == "array" then map(walked) else . end) | f;
  walked;

# --- streams of values

def recurse(f): def all: ., (f | all); all;
def recurse(f; condition): def all: ., (f | select(condition) | all); all;
def first: .[0];
def last: .[-1];
def last(f): reduce f as $value (null; $value);
def nth($n): .[$n];
def nth($n; f): if $n < 0 then error("Out of bounds negative array index") else last(limit($n + 1; f)) end;
def limit($n; f):
  if $n > 0 then label $done | foreach f as $value (0; . + 1; $value, if . >= $n then break $done else empty end)
  elif $n == 0 then empty
  else f end;
def until(condition; next): def go: if condition then . else next | go end; go;
def while(condition; next): def go: if condition then ., (next | go) else empty end; go;
def repeat(f): def go: ., (f | go); go;
def isempty(f): first((f | false), true);
def any: any(.[]; .);
def any(f): any(.[]; f);
def any(values; f): isempty(first(values | f or empty)) | not;
def all: all(.[]; .);
def all(f): all(.[]; f);
def all(values; f): isempty(first(values | f and empty));
def debug(message): (message | debug | empty), .;

# --- paths

def paths: path(..) | select(length > 0);
def paths(f): . as $top | paths | select(. as $path | $top | getpath($path) | f);
def leaf_paths: paths(scalars);

# --- events of a value's parts, as [path, leaf] and [path]

def tostream:
  path(def parts: (.[]? | parts), .; parts) as $path
  | getpath($path)
  | reduce path(.[]?) as $last ([$path, .]; [$path + $last]);
def fromstream(f):
  {value: null, is_whole: false} as $none
  | foreach f as $event ($none;
      (if .is_whole then $none else . end)
      | if $event | length == 2
        then .is_whole = ($event[0] | length == 0) | setpath(["value"] + $event[0]; $event[1])
        else .is_whole = ($event[0] | length == 1) end;
      if .is_whole then .value else empty end);
def truncate_stream(f):
  . as $depth | null | f | select(.[0] | length > $depth) | .[0] |= .[$depth:];

# --- tables, as in SQL

def INDEX(rows; key): reduce rows as $row ({}; .[$row | key | tostring] |= $row);
def INDEX(key): INDEX(.[]; key);
def IN(values): any(values == .; .);
def IN(searched; values): any(searched == values; .);
def JOIN($index; key): [.[] | [., $index[key]]];
def JOIN($index; rows; key): rows | [., $index[key]];
def JOIN($index; rows; key; joined): rows | [., $index[key]] | joined;

# --- texts

def _pattern:
  if type == "string" then [., null]
  elif type == "array" and length > 0 then [.[0], .[1]]
  else error(type + " not a string or array") end;

def test(regex; flags): _test(regex; flags);
def test($value): ($value | _pattern) as [$regex, $flags] | _test($regex; $flags);

def match(regex; flags): _match(regex; flags)[];
def match($value): ($value | _pattern) as [$regex, $flags] | _match($regex; $flags)[];

def capture(regex; flags): _edits(regex; flags).captures[];
def capture($value): ($value | _pattern) as [$regex, $flags] | _edits($regex; $flags).captures[];

def scan($regex; $flags): _scan($regex; "g" + $flags)[];
def scan($regex): _scan($regex; "g")[];

def split($regex; $flags): _split($regex; "g" + $flags);
def splits($regex; $flags): _split($regex; "g" + $flags)[];
def splits($regex): _split($regex; "g")[];

# The i-th output of each replacement makes the i-th text; without any output the input stays.
def sub($regex; replacement; $flags):
  _edits($regex; $flags) as $edits
  | [$edits.captures[] | [replacement]] as $replacements
  | _splice($edits.spans; $replacements)[];
def sub($regex; replacement): sub($regex; replacement; "");
def gsub($regex; replacement; $flags): sub($regex; replacement; $flags + "g");
def gsub($regex; replacement): sub($regex; replacement; "g");

def ascii: [.] | implode;

# --- dates

def todate: strftime("%Y-%m-%dT%H:%M:%SZ");
def fromdateiso8601: strptime("%Y-%m-%dT%H:%M:%SZ") | mktime;
def todateiso8601: strftime("%Y-%m-%dT%H:%M:%SZ");
def fromdate: fromdateiso8601;
def date: todate;
def dateadd(unit; n): . + n;
def datesub(unit; n): . - n;
