-- checkpoint(life, epoch, position, state): the state at that position replaces the head of the log.
--
-- KEYS: server, application, log, checkpoint, dirty. ARGV: life, application, epoch, position, log bytes up to there, snapshot,
-- version of the caller's fold.
-- Never beyond what is published: a change whose rejection nobody has written down must stay in the log.
-- Only here does an application leave the dirty set, when nothing of its log is left.
if fold ~= tonumber(ARGV[7]) then return { 'other-fold', fold } end
local app = application(KEYS[2])
if not app then
  call('SREM', KEYS[5], ARGV[2])
  return { 'none' }
end
if app.generation ~= generation then return { 'adopt' } end
local position = tonumber(ARGV[4])
if app.epoch ~= ARGV[3] or position > app.merged then return { 'stale' } end
if position > app.base then
  call('SET', KEYS[4], ARGV[6])
  call('LTRIM', KEYS[3], position - app.base, -1)
  call('HSET', KEYS[2], 'base', position, 'basebytes', ARGV[5], 'checkpointbytes', #ARGV[6])
  count_log_bytes(app.basebytes - tonumber(ARGV[5]))
  app.base = position
end
if app.base == app.tail then
  mark_changed(ARGV[2])
  call('SREM', KEYS[5], ARGV[2])
end
return { 'ok', app.base }
