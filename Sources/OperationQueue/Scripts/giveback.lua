-- giveback(life, application, id, token, 'giveback'): the worker does not do it; somebody else may, and the attempt does not count.
--
-- KEYS: server, prefix.
if op.status == 'cancelling' then
  finish(op, 'cancelled', 'error', cancel_error, 'ended', ending(token, verb, ''))
else
  op.attempt = op.attempt - 1
  requeue(op, nil, 'attempt', op.attempt, 'ended', ending(token, verb, ''))
end
return { 'ok', '', document(op) }
