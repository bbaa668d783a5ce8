-- retry(life, application, id, revision, most alive): one that is dead is tried again, as often as it was allowed at first.
--
-- KEYS: server, prefix. With a revision only if it has that. Answers ok, alive or over (it is not dead), full or changed.
local op = find(ARGV[2], ARGV[3])
if not op then return absent(ARGV[2], ARGV[3]) end
if ARGV[4] ~= '' and ARGV[4] ~= call('HGET', op.key, 'revision') then return { 'changed' } end
if op.status ~= 'dead' then return { over[op.status] and 'over' or 'alive', document(op) } end
if tonumber(call('HGET', counts, 'alive:' .. op.app) or '0') >= tonumber(ARGV[5]) then return { 'full' } end

call('HINCRBY', counts, 'alive:' .. op.app, 1)
call('HINCRBY', totals, 'retried', 1)
call('PERSIST', op.key)
call('HDEL', op.key, 'expires', 'attempt_end')
call('DEL', retired_key(op.app, op.id))
set_deadlines(op.key, now)
op = load(op.app, op.id)
op.attempt = 0
requeue(op, nil, 'attempt', 0)
return { 'ok', document(op) }
