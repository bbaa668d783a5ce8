-- get(life, delivery): the delivery and what is remembered of its attempts.
--
-- KEYS: server.
if call('EXISTS', key_of(ARGV[2])) == 0 then return { 'unknown' } end
return { 'ok', document(ARGV[2]), call('LRANGE', attempts_key(ARGV[2]), 0, -1) }
