-- What wrk sends: one body again and again, as GitHub would deliver it, each with an id of its own; or, without event and
-- signature, just the body.
--
--   wrk -s post.lua URL -- BODY_FILE [EVENT SIGNATURE]
--
-- Requires one thread (-t1): the ids count up from 1.
local headers = {["Content-Type"] = "application/json"}
local body
local plain
local sent = 0

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  body = file:read("*a")
  file:close()
  headers["X-GitHub-Event"] = arguments[2]
  headers["X-Hub-Signature-256"] = arguments[3]
  plain = not arguments[2] and wrk.format("POST", nil, headers, body)
end

function request()
  if plain then return plain end
  sent = sent + 1
  headers["X-GitHub-Delivery"] = "delivery-" .. sent
  return wrk.format("POST", nil, headers, body)
end

-- One line for the program that started wrk: requests, p50 and p99 in microseconds, errors.
function done(summary, latency, _)
  local errors = summary.errors
  print(string.format("done %d %d %d %d", summary.requests,
    latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
