-- fail(life, application, id, token, 'fail', error, retryable, pause): the worker could not do it.
--
-- KEYS: server, prefix. The error is JSON, retryable 1 or 0, the pause before the next attempt in milliseconds, '' for one that grows with
-- the attempts. Answers the time of the next attempt, '' if there is none.
local at = ''
if op.status == 'cancelling' then
  finish(op, 'cancelled', 'error', ARGV[6], 'ended', ending(token, verb, at))
elseif ARGV[7] ~= '1' then
  finish(op, 'failed', 'error', ARGV[6], 'ended', ending(token, verb, at))
else
  local pause = tonumber(ARGV[8]) or math.min(longest_pause_ms, 1000 * 2 ^ (op.attempt - 1))
  -- There is no next attempt if it could only begin when the operation's time is over.
  if op.attempt >= op.attempts or op.total_at and now + pause >= op.total_at then
    finish(op, 'dead', 'error', ARGV[6], 'ended', ending(token, verb, at))
    return { 'ok', at, document(op) }
  end
  at = digits(now + pause)
  requeue(op, now + pause, 'error', ARGV[6], 'ended', ending(token, verb, at))
end
return { 'ok', at, document(op) }
