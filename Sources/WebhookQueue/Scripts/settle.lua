-- settle(life, delivery, token, what, pause, duration, end): how an attempt ended.
--
-- KEYS: server. What: succeeded, dead, retry, or back if it was not made; the pause until the next one and the duration in milliseconds. Only by
-- who has the lease. Answers 'lease-lost' to everybody else.
local d = load(ARGV[2])
if not d or d.token ~= ARGV[3] then return { 'lease-lost' } end
local what, at = ARGV[4], now + tonumber(ARGV[5])
if what == 'back' then
  d.attempt = d.attempt - 1
  wait(d, d.attempt > 0 and 'retrying' or 'pending', at, 'attempt', d.attempt)
  return { 'ok' }
end
local key = attempts_key(d.id)
call('RPUSH', key, digits(now) .. ' ' .. ARGV[6] .. ' ' .. d.attempt .. ' ' .. ARGV[7])
call('LTRIM', key, -most_attempts, -1)
call('PEXPIRE', key, record_ms)
if what == 'succeeded' then
  if d.failing then tell_of(d, 'recovered') end
  finish(d, 'succeeded')
elseif what == 'dead' then
  tell_of(d, 'dead')
  finish(d, 'dead')
else
  if d.attempt >= failing_attempts and not d.failing then
    call('HSET', key_of(d.id), 'failing', 1)
    tell_of(d, 'failing')
  end
  wait(d, 'retrying', at)
end
return { 'ok' }
