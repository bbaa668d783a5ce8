-- claim(life, webhook, most, lease, nonce): takes deliveries that are due, each under a lease.
--
-- KEYS: server. The lease is in milliseconds. Answers per delivery: id, token, attempt, type, payload.
local items = {}
local lease = digits(now + tonumber(ARGV[4]))
for _, id in ipairs(call('ZRANGEBYSCORE', due_key(ARGV[2]), '-inf', digits(now), 'LIMIT', 0, ARGV[3])) do
  local d = load(id)
  if not d or over[d.status] then
    call('ZREM', due_key(ARGV[2]), id)
  else
    local body = call('GET', payload_key(d.payload))
    if not body then
      -- It was tried for longer than bytes are kept.
      tell_of(d, 'dead')
      finish(d, 'dead')
    else
      -- Counted when it begins: what brings its courier down has used it up, too.
      d.attempt = d.attempt + 1
      local token = call('HINCRBY', key_of(id), 'fence', 1) .. '-' .. ARGV[5]
      change(d, 'status', 'delivering', 'attempt', d.attempt, 'token', token, 'next', lease)
      call('ZADD', due_key(ARGV[2]), lease, id)
      items[#items + 1] = { id, token, d.attempt, d.type, body }
    end
  end
end
settle_line(ARGV[2])
return { 'ok', items }
