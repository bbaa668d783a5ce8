-- look(life): whether there is something to do in the partition.
--
-- KEYS: server. Answers whether there are events behind the cursor, and states that may have changed; which webhooks have deliveries that are
-- due, and in how many milliseconds the next one falls due ('' if none does).
local last = call('XREVRANGE', events, '+', '-', 'COUNT', 1)[1]
local hooks = call('ZRANGEBYSCORE', waiting, '-inf', digits(now), 'LIMIT', 0, most_hooks)
local next_due = call('ZRANGEBYSCORE', waiting, '(' .. digits(now), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
return { 'ok', last and last[1] ~= call('GET', cursor_key) and 1 or 0, call('SCARD', changed), call('SCARD', dirty), hooks,
  next_due and digits(math.max(0, next_due - now)) or '' }
