-- deletehook(id, revision): deletes a webhook if it has this revision; with '' any.
--
-- KEYS: the number of changes to webhooks; what else is touched has its hash tag. Runs alone, without common.lua. Answers unknown, changed or ok.
local tag = string.match(KEYS[1], '^(.*)version$')
local key = tag .. 'hook:' .. ARGV[1]
local revision = redis.call('HGET', key, 'revision')
if not revision then return { 'unknown' } end
if ARGV[2] ~= '' and ARGV[2] ~= revision then return { 'changed' } end
redis.call('DEL', key)
redis.call('SREM', tag .. 'ids', ARGV[1])
redis.call('PUBLISH', hook_channel, redis.call('INCR', KEYS[1]))
return { 'ok' }
