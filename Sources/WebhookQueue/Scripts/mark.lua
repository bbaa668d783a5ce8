-- mark(life, after): states of the partition are to be looked at again, so many in a call, in the order of their applications' names.
--
-- KEYS: server. Answers the last one, '' behind the end.
local names = call('ZRANGE', tag .. 'apps', ARGV[2] == '' and '-' or '(' .. ARGV[2], '+', 'BYLEX', 'LIMIT', 0, most_scanned)
if #names == 0 then return { 'ok', '' } end
call('SADD', changed, unpack(names))
tell()
return { 'ok', names[#names] }
