-- merged(life, epoch, from, position, version, rejections): a state is published; say so, and write down which changes were rejected.
--
-- KEYS: server, application, the windows.
-- ARGV: life, merged channel, epoch, from, position, version, bytes of the state, record lifetime (milliseconds),
--       version of the caller's fold, then per rejection: id, position, digest, reason, numbered ('1' or '0').
--
-- Rejections that nobody has published yet are events of the partition, too, each once.
--
-- 'from' is the position since which the caller itself knows all rejections. If somebody has published less than that, there may
-- be rejections in between that nobody has written down: 'stale', and the caller starts again from checkpoint and log.
if fold ~= tonumber(ARGV[9]) then return { 'other-fold', fold } end
local app = application(KEYS[2])
if not app then return { 'none' } end
if app.generation ~= generation then return { 'adopt' } end
local epoch, from, position, version = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if app.epoch ~= epoch or position > app.tail or from > app.merged then return { 'stale' } end

local arguments, first_rejection = 5, 10
if ARGV[first_rejection] then
  local ids, places, new = {}, {}, {}
  for a = first_rejection, #ARGV, arguments do ids[#ids + 1] = ARGV[a] end
  look_at_windows(3)
  local found = find_records(ids, places)
  for i, id in ipairs(ids) do
    local a = first_rejection + (i - 1) * arguments
    local place, digest, reason = tonumber(ARGV[a + 1]), ARGV[a + 2], ARGV[a + 3]
    local record = parse_record(found[i])
    if record and record.creation == app.creation and record.position == place then
      call('HSET', places[i], id, record_value(app.creation, place, digest, reason))
    elseif not record and ARGV[a + 4] == '1' then
      new[#new + 1] = id
      new[#new + 1] = record_value(app.creation, place, digest, reason)
    end
  end
  write_records(new, tonumber(ARGV[8]))
  local events, name = own_key('events'), match(KEYS[2], ':app:(.*)$')
  for a = first_rejection, #ARGV, arguments do
    if tonumber(ARGV[a + 1]) > app.merged then
      call('XADD', events, 'MAXLEN', '~', most_events, '*', 'type', 'change.rejected', 'app', name, 'id', ARGV[a], 'epoch', epoch,
        'position', ARGV[a + 1], 'reason', ARGV[a + 3])
    end
  end
  call('PUBLISH', event_channel, match(KEYS[1], '^{(.-)}'))
end
if position > app.merged then
  local _, time = now()
  call('HSET', KEYS[2], 'merged', position, 'version', version, 'bytes', ARGV[7], 'published', time)
  call('PUBLISH', ARGV[2], epoch .. ' ' .. digits(position) .. ' ' .. digits(version))
  call('PUBLISH', version_channel, match(KEYS[1], '^{(.-)}'))
end
return { 'ok', math.max(position, app.merged) }
