-- hook(id): a webhook.
--
-- KEYS: the number of changes to webhooks; what else is touched has its hash tag. Runs alone, without common.lua.
local tag = string.match(KEYS[1], '^(.*)version$')
local t = redis.call('TIME')
return { 'ok', tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000), redis.call('HGETALL', tag .. 'hook:' .. ARGV[1]) }
