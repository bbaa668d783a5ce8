-- puthook(id, revision, creation, most, field, value, …): makes a webhook, with the revision '', or changes it if it has that still. A value ''
-- takes the field away; one of '@now' is the time.
--
-- KEYS: the number of changes to webhooks; what else is touched has its hash tag. Runs alone, without common.lua. Answers changed if the revision
-- is another, full, or the webhook.
local tag = string.match(KEYS[1], '^(.*)version$')
local key = tag .. 'hook:' .. ARGV[1]
if (redis.call('HGET', key, 'revision') or '') ~= ARGV[2] then return { 'changed' } end
local t = redis.call('TIME')
local now = string.format('%.0f', tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000))
if ARGV[2] == '' then
  if redis.call('SCARD', tag .. 'ids') >= tonumber(ARGV[4]) then return { 'full' } end
  redis.call('SADD', tag .. 'ids', ARGV[1])
  redis.call('HSET', key, 'creation', ARGV[3], 'created', now)
end
for i = 5, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', key, ARGV[i])
  else
    redis.call('HSET', key, ARGV[i], ARGV[i + 1] == '@now' and now or ARGV[i + 1])
  end
end
redis.call('HSET', key, 'updated', now)
redis.call('HINCRBY', key, 'revision', 1)
redis.call('PUBLISH', hook_channel, redis.call('INCR', KEYS[1]))
return { 'ok', tonumber(now), redis.call('HGETALL', key) }
