-- cancel(life, application, id, revision, delete): somebody does not want the operation any more.
--
-- KEYS: server, prefix. With delete 1 one that is over goes, and leaves its id behind; with a revision only if it has that, which is how
-- If-Match is kept. Answers alive, over or deleted.
local op = find(ARGV[2], ARGV[3])
if not op then return absent(ARGV[2], ARGV[3]) end
if ARGV[4] ~= '' and ARGV[4] ~= call('HGET', op.key, 'revision') then return { 'changed' } end
if over[op.status] then
  if ARGV[5] ~= '1' then return { 'over', document(op) } end
  call('DEL', op.key)
  call('ZREM', list_key(op.app), op.id)
  call('ZREM', due, op.app .. ' ' .. op.id)
  call('SET', retired_key(op.app, op.id), 'deleted', 'PX', digits(op.keep + op.retired))
  call('PUBLISH', prefix .. 's:' .. op.app, op.id)
  return { 'deleted' }
end
if op.status == 'queued' then
  finish(op, 'cancelled', 'error', cancel_error, 'cancel', '1')
elseif op.status == 'running' then
  become(op, 'cancelling', 'cancel', '1')
end
return { 'alive', document(op) }
