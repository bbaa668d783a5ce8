-- replay(life, delivery): the delivery begins anew, with the same bytes.
--
-- KEYS: server. Answers alive, expired, unknown, or ok.
local d = load(ARGV[2])
if not d then return { 'unknown' } end
if not over[d.status] then return { 'alive', document(d.id) } end
if call('EXISTS', payload_key(d.payload)) == 0 then return { 'expired' } end
wait(d, 'pending', now, 'attempt', 0)
call('HDEL', key_of(d.id), 'failing')
tell()
return { 'ok', document(d.id) }
