-- lease(life, daemon, milliseconds): who works in the partition. It saves double work; correctness does not rest on it.
--
-- KEYS: server, lease. ARGV: life, daemon, milliseconds (0 gives the lease back).
-- Answers the fencing number if the lease is the caller's, else the holder.
local holder, fence = match(call('GET', KEYS[2]) or '', '^(%S+) (%d+)$')
-- Daemons are given leases alike. One that has several times as long to live is left over from before the clock was put back.
local is_possible = ARGV[3] == '0' or call('PTTL', KEYS[2]) <= 4 * tonumber(ARGV[3])
if holder and holder ~= ARGV[2] and is_possible then return { 'held', holder } end
if ARGV[3] == '0' then
  call('DEL', KEYS[2])
  return { 'given' }
end
if holder ~= ARGV[2] then fence = digits(call('HINCRBY', KEYS[1], 'fence', 1)) end
call('SET', KEYS[2], ARGV[2] .. ' ' .. fence, 'PX', ARGV[3])
return { 'ok', tonumber(fence) }
