-- What wrk sends: holds of an area, each with the next of the passes. wrk … -s holds.lua URL -- EVENT AREA PASSES
local passes, next, path, body = {}, 0, nil, nil

function init(arguments)
    path = "/v1/events/" .. arguments[1] .. "/holds"
    body = '{"area":"' .. arguments[2] .. '","quantity":1}'
    for pass in io.lines(arguments[3]) do passes[#passes + 1] = pass end
end

function request()
    next = next % #passes + 1
    return wrk.format("POST", path,
        {["Authorization"] = "Bearer " .. passes[next], ["Content-Type"] = "application/json"}, body)
end

-- A line for the caller: answers, seconds, those that were no holds, p99 in milliseconds.
function done(summary, latency)
    local errors = summary.errors
    io.write(string.format("figures %d %.6f %d %.3f\n", summary.requests, summary.duration / 1e6,
        errors.status + errors.connect + errors.read + errors.write + errors.timeout, latency:percentile(99) / 1000))
end
