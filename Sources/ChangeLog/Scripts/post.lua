-- post(daemon, milliseconds, most, text): what a daemon says of itself, for that long, or with 0 that it leaves.
--
-- KEYS: the hash of what daemons say. Each value is '<time> <text>', the time in milliseconds. Runs alone, without common.lua.
-- Only a daemon that is new here looks at the others: it forgets those that have been silent for too long, and is left out, with
-- 'full', where as many are left as may be.
local t = redis.call('TIME')
local time = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local keep, most = tonumber(ARGV[2]), tonumber(ARGV[3])
if keep == 0 then
  redis.call('HDEL', KEYS[1], ARGV[1])
  return { 'ok' }
end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
  local all = redis.call('HGETALL', KEYS[1])
  for i = 1, #all, 2 do
    local said = tonumber(string.match(all[i + 1], '^(%d+) '))
    if not said or time - said > keep then redis.call('HDEL', KEYS[1], all[i]) end
  end
  if redis.call('HLEN', KEYS[1]) >= most then return { 'full' } end
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', time) .. ' ' .. ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return { 'ok' }
