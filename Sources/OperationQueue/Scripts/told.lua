-- told(life, application, id, entry, pause): all up to this entry stands in the log.
--
-- KEYS: server, prefix. The entry is '' if nothing could be said; then it is tried again after the pause, in milliseconds. An entry that is not
-- there was taken out by somebody else.
local app, id = ARGV[2], ARGV[3]
local key, member = news_key(app, id), ARGV[2] .. ' ' .. ARGV[3]
local place = ARGV[4] ~= '' and call('LPOS', key, ARGV[4])
if place then call('LTRIM', key, place + 1, -1) end
if ARGV[5] ~= '0' then
  call('ZADD', news, 'XX', digits(now + tonumber(ARGV[5])), member)
elseif call('EXISTS', key) == 0 then
  local op = load(app, id)
  if op and call('HEXISTS', op.key, 'untold') == 1 then call('ZADD', news, digits(next_told(op)), member) else call('ZREM', news, member) end
end
return { 'ok' }
