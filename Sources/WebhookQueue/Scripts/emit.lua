-- emit(life, name, field, value, …): an event of the partition, once for its name.
--
-- KEYS: server.
if call('SET', tag .. 'hook-told:' .. ARGV[2], 1, 'NX', 'PX', keep_ms) then emit(unpack(ARGV, 3)) end
return { 'ok' }
