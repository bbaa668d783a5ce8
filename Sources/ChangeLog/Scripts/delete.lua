-- delete(life, precondition): state and log of the application go. The records of its changes stay until they expire and say
-- 'deleted' from now on, because no later creation is theirs.
--
-- KEYS: server, application, log, checkpoint, dirty, apps. ARGV: life, application, merged channel, version ('' or '*' for any).
local app = application(KEYS[2])
if not app then return { 'none' } end
if app.generation ~= generation then return { 'adopt' } end
local version = app.epoch .. '-' .. digits(app.version)
if ARGV[4] ~= '' and ARGV[4] ~= '*' and ARGV[4] ~= version then return { 'mismatch', version } end
call('DEL', KEYS[2], KEYS[3], KEYS[4])
count_log_bytes(app.basebytes - app.tailbytes)
mark_changed(ARGV[2])
call('SREM', KEYS[5], ARGV[2])
call('ZREM', KEYS[6], ARGV[2])
call('PUBLISH', ARGV[3], 'deleted')
return { 'ok' }
