-- The same request all the time; wrk builds it once. Tells the result in one line.
function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format("result requests=%d microseconds=%d bytes=%d errors=%d\n",
        summary.requests, summary.duration, summary.bytes,
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
