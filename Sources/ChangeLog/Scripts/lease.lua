-- lease(life, daemon, milliseconds): who works in the partition. It saves double work; correctness does not rest on it.
--
-- KEYS: server, lease. ARGV: life, daemon, milliseconds (0 gives the lease back), version of the daemon's fold, nonce.
-- Runs behind generations.lua too.
-- Answers the fencing number if the lease is the caller's, else the holder.
--
-- A daemon of an older fold gets no lease. One of a newer fold raises the partition's, which takes a fresh generation: so the epochs of
-- its applications change, and no version of theirs is ever made by both.
local own_fold = tonumber(ARGV[4])
if own_fold < fold and ARGV[3] ~= '0' then return { 'held', 'fold-version-' .. fold } end
local holder, fence = match(call('GET', KEYS[2]) or '', '^(%S+) (%d+)$')
-- Daemons are given leases alike. One that has several times as long to live is left over from before the clock was put back.
local is_possible = ARGV[3] == '0' or call('PTTL', KEYS[2]) <= 4 * tonumber(ARGV[3])
if holder and holder ~= ARGV[2] and is_possible then return { 'held', holder } end
if ARGV[3] == '0' then
  call('DEL', KEYS[2])
  return { 'given' }
end
if own_fold > fold then
  call('HSET', KEYS[1], 'fold', ARGV[4])
  begin_generation(KEYS[1], ARGV[5], '')
end
if holder ~= ARGV[2] then fence = digits(call('HINCRBY', KEYS[1], 'fence', 1)) end
call('SET', KEYS[2], ARGV[2] .. ' ' .. fence, 'PX', ARGV[3])
return { 'ok', tonumber(fence) }
