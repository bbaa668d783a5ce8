-- look(life): where the application's log and its published state are.
--
-- KEYS: server, application.
local app = application(KEYS[2])
if not app then return { 'none' } end
if app.generation ~= generation then return { 'adopt' } end
local more = call('HMGET', KEYS[2], 'bytes', 'checkpointbytes', 'created', 'pushed', 'published')
return { 'ok', app.epoch, app.base, app.tail, app.merged, app.version, app.tailbytes - app.basebytes,
  tonumber(more[1]), tonumber(more[2]), tonumber(more[3]), tonumber(more[4]), tonumber(more[5] or 0) }
