-- tally(life): how many operations of which kind may be claimed, and how often what happened since the store was made.
--
-- KEYS: server, prefix.
return { 'ok', call('HGETALL', waiting), call('HGETALL', totals), call('ZCARD', news) }
