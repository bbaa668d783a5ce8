-- heartbeat(life, application, id, token, 'heartbeat', progress, checkpoint, lease): the worker is at work.
--
-- KEYS: server, prefix. Progress and checkpoint are JSON, '' to leave them as they are; the lease in milliseconds from now, '' for as long
-- as it was claimed. Answers until when the lease is, and whether the operation is to be cancelled.
local lease = digits(lease_end(op, tonumber(ARGV[8] ~= '' and ARGV[8] or op.lease_ms)))
if ARGV[7] ~= '' then call('HSET', op.key, 'checkpoint', ARGV[7]) end
call('HSET', op.key, 'lease', lease)
call('ZADD', due, lease, app .. ' ' .. id)
if ARGV[6] ~= '' and call('HGET', op.key, 'progress') ~= ARGV[6] then
  change(op, 'progress', ARGV[6])
  if op.publish then
    call('HSET', op.key, 'untold', 1)
    mark(op, next_told(op), 'NX')
  end
end
return { 'ok', tonumber(lease), op.status == 'cancelling' and 1 or 0 }
