-- hooks(version): all webhooks, unless the caller knows this version of them.
--
-- KEYS: the number of changes to webhooks; what else is touched has its hash tag. Runs alone, without common.lua.
local tag = string.match(KEYS[1], '^(.*)version$')
local version = redis.call('GET', KEYS[1]) or '0'
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
if version == ARGV[1] then return { 'same', version, now } end
local all = {}
for _, id in ipairs(redis.call('SMEMBERS', tag .. 'ids')) do
  all[#all + 1] = { id, redis.call('HGETALL', tag .. 'hook:' .. id) }
end
return { 'ok', version, now, all }
