-- recover(life, nonce): the partition meets the Redis it is on. If it was last seen in another life, positions may have been
-- lost with the end of the log, so the partition gets a fresh generation; its applications adopt it one by one, when they are used.
--
-- A life is "run_id replid replid2". The replication id alone changes without loss (the first replica attached, the backlog
-- expired), but then neither of the two lives has a second id; after a promotion one of them has.
--
-- KEYS: server. ARGV: life, nonce. Runs alone, without common.lua, which would refuse a life that is not known yet.
local known = redis.call('HGET', KEYS[1], 'life')
if known == ARGV[1] then return { 'ok' } end

local function parts(life)
  return string.match(life, '^(%S+) (%S+) (%S+)$')
end

local same = false
if known then
  local run, id, second = parts(known)
  local new_run, new_id, new_second = parts(ARGV[1])
  local neither = string.match(second or 'x', '^0+$') and string.match(new_second or 'x', '^0+$')
  same = run ~= nil and run == new_run and (id == new_id or neither)
end
if same then
  redis.call('HSET', KEYS[1], 'life', ARGV[1])
else
  local t = redis.call('TIME')
  local generation = t[1] .. '.' .. t[2] .. '.' .. ARGV[2]
  redis.call('HSET', KEYS[1], 'life', ARGV[1], 'generation', generation, 'logbytes', 0, 'recovered', t[1] .. string.sub('00000' .. t[2], -6, -4))
end
return { 'ok' }
