-- result(life, application, id): what came of the operation, with the result's bytes if it has one.
--
-- KEYS: server, prefix.
local op = find(ARGV[2], ARGV[3])
if not op then return absent(ARGV[2], ARGV[3]) end
return { 'ok', document(op), call('HGET', op.key, 'result') or '' }
