-- merged(life, epoch, from, position, version, rejections): a state is published; say so, and write down which changes were rejected.
--
-- KEYS: server, application, then one record a rejection.
-- ARGV: life, merged channel, epoch, from, position, version, bytes of the state, record lifetime (milliseconds),
--       then per rejection: position, digest, reason, numbered ('1' or '0').
--
-- 'from' is the position since which the caller itself knows all rejections. If somebody has published less than that, there may
-- be rejections in between that nobody has written down: 'stale', and the caller starts again from checkpoint and log.
local app = application(KEYS[2])
if not app then return { 'none' } end
if app.generation ~= generation then return { 'adopt' } end
local epoch, from, position, version = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if app.epoch ~= epoch or position > app.tail or from > app.merged then return { 'stale' } end

local fields, first_rejection, first_key = 4, 9, 3
for i = 1, (#ARGV - first_rejection + 1) / fields do
  local a = first_rejection + (i - 1) * fields
  local key, place, digest, reason = KEYS[first_key + i - 1], tonumber(ARGV[a]), ARGV[a + 1], ARGV[a + 2]
  local record = parse_record(call('GET', key))
  if record and record.creation == app.creation and record.position == place then
    call('SET', key, record_value(app.creation, place, digest, reason), 'KEEPTTL')
  elseif not record and ARGV[a + 3] == '1' then
    call('SET', key, record_value(app.creation, place, digest, reason), 'PX', ARGV[8])
  end
end
if position > app.merged then
  local _, time = now()
  call('HSET', KEYS[2], 'merged', position, 'version', version, 'bytes', ARGV[7], 'published', time)
  call('PUBLISH', ARGV[2], epoch .. ' ' .. digits(position) .. ' ' .. digits(version))
end
return { 'ok', math.max(position, app.merged) }
