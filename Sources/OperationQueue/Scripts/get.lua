-- get(life, application, id): the operation as it is now.
--
-- KEYS: server, prefix.
local op = find(ARGV[2], ARGV[3])
if not op then return absent(ARGV[2], ARGV[3]) end
return { 'ok', document(op) }
