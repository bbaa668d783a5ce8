-- notices(milliseconds): what daemons say, by name, except those that have been silent for longer than that; and what time it is.
--
-- KEYS: the hash of what daemons say (see post.lua). Runs alone, without common.lua.
local t = redis.call('TIME')
local time = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
local all, fresh = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #all, 2 do
  local said, text = string.match(all[i + 1], '^(%d+) (.*)$')
  if said and time - tonumber(said) <= tonumber(ARGV[1]) then
    fresh[#fresh + 1] = all[i]
    fresh[#fresh + 1] = tonumber(said)
    fresh[#fresh + 1] = text
  end
end
return { 'ok', time, fresh }
