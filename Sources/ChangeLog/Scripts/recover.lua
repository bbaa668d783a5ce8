-- recover(life, nonce, generation): the partition meets the Redis it is on, and the caller the partition. Answers its generation.
--
-- If the partition was last seen in another life, positions may have been lost with the end of the log, so it gets a fresh generation;
-- its applications adopt it one by one, when they are used. So it does if the caller has met a generation that this Redis knows nothing
-- of: there was another primary in between, which had what is not here, and this one was promoted back before it was made a replica. Its
-- life is the same then. Once is enough for all who have met that generation, and who has not met it has nothing to say.
--
-- A life is "run_id replid replid2". The replication id alone changes without loss (the first replica attached, the backlog
-- expired), but then neither of the two lives has a second id; after a promotion one of them has.
--
-- KEYS: server. ARGV: life, nonce, the generation that the caller has met last ('' if none). Runs behind generations.lua, without
-- common.lua, which would refuse a life that is not known yet.
local known = redis.call('HMGET', KEYS[1], 'life', 'generation', 'former')
local life, generation, former, met = known[1], known[2], known[3] or '', ARGV[3]

local function parts(life)
  return string.match(life, '^(%S+) (%S+) (%S+)$')
end

local same = life == ARGV[1]
if life and not same then
  local run, id, second = parts(life)
  local new_run, new_id, new_second = parts(ARGV[1])
  local neither = string.match(second or 'x', '^0+$') and string.match(new_second or 'x', '^0+$')
  same = run ~= nil and run == new_run and (id == new_id or neither)
end
local foreign = met ~= '' and met ~= generation and not string.find(' ' .. former .. ' ', ' ' .. met .. ' ', 1, true)
if same and not foreign then
  if life ~= ARGV[1] then redis.call('HSET', KEYS[1], 'life', ARGV[1]) end
  return { 'ok', generation }
end
local t = redis.call('TIME')
redis.call('HSET', KEYS[1], 'life', ARGV[1], 'recovered', t[1] .. string.sub('00000' .. t[2], -6, -4))
return { 'ok', begin_generation(KEYS[1], ARGV[2], met) }
