-- What wrk sends: one body again and again, as GitHub would deliver it, each with an id of its own; or, without event and
-- signature, just the body.
--
--   wrk -s post.lua URL -- BODY_FILE [EVENT SIGNATURE [PAUSE]]
--
-- With a pause each connection waits before each request, PAUSE milliseconds on average and as random arrivals do; and
-- X-Sent-At says, in microseconds since 1970, when the request was sent.
--
-- Requires one thread (-t1): the ids count up from 1.
local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long microseconds; } tba_time;
  int gettimeofday(tba_time *now, void *unused);
]]

local headers = {["Content-Type"] = "application/json"}
local body
local plain
local pause
local ids
local sent = 0

local function microseconds()
  local now = ffi.new("tba_time")
  ffi.C.gettimeofday(now, nil)
  return string.format("%d%06d", tonumber(now.seconds), tonumber(now.microseconds))
end

local function wait_before_request()
  return math.floor(-pause * math.log(1 - math.random()) + 0.5)
end

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  body = file:read("*a")
  file:close()
  headers["X-GitHub-Event"] = arguments[2]
  headers["X-Hub-Signature-256"] = arguments[3]
  ids = "delivery-" .. microseconds() .. "-"  -- no other load has the same
  pause = tonumber(arguments[4])
  if pause then delay = wait_before_request end
  plain = not arguments[2] and wrk.format("POST", nil, headers, body)
end

function request()
  if plain then return plain end
  sent = sent + 1
  headers["X-GitHub-Delivery"] = ids .. sent
  if pause then headers["X-Sent-At"] = microseconds() end
  return wrk.format("POST", nil, headers, body)
end

-- One line for the program that started wrk: requests, p50 and p99 in microseconds, errors.
function done(summary, latency, _)
  local errors = summary.errors
  print(string.format("done %d %d %d %d", summary.requests,
    latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
