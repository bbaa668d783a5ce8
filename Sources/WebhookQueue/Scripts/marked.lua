-- marked(life): applications whose state may have changed since it was told of last.
--
-- KEYS: server. Answers names of those that are marked, a part of them, and of all that have a log.
return { 'ok', call('SRANDMEMBER', changed, most_scanned), call('SMEMBERS', dirty) }
