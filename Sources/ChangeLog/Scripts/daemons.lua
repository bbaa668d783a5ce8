-- daemons(daemon, milliseconds): says that a merge daemon is alive, or with 0 that it leaves, and answers who is alive.
--
-- KEYS: the sorted set of daemons by the time until which they count as alive. Runs alone, without common.lua.
local t = redis.call('TIME')
local time = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', time)
if ARGV[2] == '0' then
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  -- Nobody is told to be alive for so long: the clock was put back meanwhile. Whoever lives says so again.
  redis.call('ZREMRANGEBYSCORE', KEYS[1], time + 4 * tonumber(ARGV[2]), '+inf')
  redis.call('ZADD', KEYS[1], time + tonumber(ARGV[2]), ARGV[1])
end
return redis.call('ZRANGE', KEYS[1], 0, -1)
