-- unmark(life, back, applications…): nobody wants to be told of these; with back '1' somebody does after all.
--
-- KEYS: server.
call(ARGV[2] == '1' and 'SADD' or 'SREM', changed, unpack(ARGV, 3))
return { 'ok' }
