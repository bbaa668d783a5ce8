-- report(id, creation, what): success or failure of an attempt, gone if the endpoint said that it is, told if it was told that it is disabled.
--
-- KEYS: the number of changes to webhooks; what else is touched has its hash tag. Runs alone, without common.lua. One that has failed for too long
-- is disabled. Answers whether it is disabled now.
local tag = string.match(KEYS[1], '^(.*)version$')
local key = tag .. 'hook:' .. ARGV[1]
local h = redis.call('HMGET', key, 'creation', 'failing', 'disabled')
if h[1] ~= ARGV[2] then return { 'unknown' } end
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)

local function disable(reason)
  if h[3] then return { 'ok' } end
  redis.call('HSET', key, 'disabled', reason, 'disabled_at', string.format('%.0f', now), 'tell', 1)
  redis.call('HINCRBY', key, 'revision', 1)
  redis.call('PUBLISH', hook_channel, redis.call('INCR', KEYS[1]))
  return { 'disabled' }
end

if ARGV[3] == 'told' then
  if redis.call('HDEL', key, 'tell') == 1 then redis.call('INCR', KEYS[1]) end
elseif ARGV[3] == 'success' then
  -- Couriers know of each whether it fails, so that success is told only where it is news.
  if redis.call('HDEL', key, 'failing') == 1 then redis.call('INCR', KEYS[1]) end
elseif ARGV[3] == 'gone' then
  return disable('gone')
elseif not h[2] then
  redis.call('HSET', key, 'failing', string.format('%.0f', now))
  redis.call('INCR', KEYS[1])
elseif now - tonumber(h[2]) >= failing_ms then
  return disable('failing')
end
return { 'ok' }
