-- events(life, from, to): events of the partition: with '' those behind the cursor, else from one stream id to another.
--
-- KEYS: server. So many in a call. Answers the cursor, and the events.
local cursor = call('GET', cursor_key) or '0-0'
local from, to = ARGV[2], ARGV[3]
if from == '' then from, to = '(' .. cursor, '+' end
return { 'ok', cursor, call('XRANGE', events, from, to, 'COUNT', most_read) }
