-- drop(life, webhook, status): the webhook is disabled or deleted: what waits for it is over. So many in a call.
--
-- KEYS: server. What a courier is sending just now is left to it. Answers how many it were.
local dropped = 0
for _, id in ipairs(call('ZRANGEBYSCORE', due_key(ARGV[2]), '-inf', '+inf', 'LIMIT', 0, most_dropped)) do
  local d = load(id)
  if d and not over[d.status] then
    local lease = tonumber(call('HGET', key_of(id), 'next') or '0')
    if d.status ~= 'delivering' or lease <= now then
      finish(d, ARGV[3])
      dropped = dropped + 1
    end
  else
    call('ZREM', due_key(ARGV[2]), id)
  end
end
settle_line(ARGV[2])
return { 'ok', dropped }
