-- adopt(life, snapshot): an application takes the generation of its partition, after the Redis life changed.
--
-- KEYS: server, application, log, checkpoint, dirty, the windows, then for each numbered change among the records its client's record.
-- ARGV: life, application, channel, record lifetime, client lifetime (milliseconds),
--       snapshot's epoch ('' without a snapshot), position, version, log bytes, bytes of the state, snapshot,
--       then per record: id, position, digest ('' for an entry that nobody could read), reason, number ('' if it has none).
--
-- The snapshot is believed only if it is of exactly the epoch that the application had, ahead of the log that is left, and
-- knows every change after the last position that was published: then nothing that it shows is without its record.
local app = application(KEYS[2])
if not app then return { 'none' } end
if app.generation == generation then return { 'ok' } end

local record_life, client_life = tonumber(ARGV[4]), ARGV[5]
local epoch, position, version, position_bytes = ARGV[6], tonumber(ARGV[7]), ARGV[8], ARGV[9]
local arguments, first_record, first_window = 5, 12, 6
local records = (#ARGV - first_record + 1) / arguments
local believed = epoch == app.epoch and position > app.tail and position - records <= app.merged

-- Client's records at once, the changes' own into `own`, as id and value.
local numbers_before, own = 0, {}

local function restore(i)
  local a = first_record + (i - 1) * arguments
  local id, place, digest, reason, number = ARGV[a], tonumber(ARGV[a + 1]), ARGV[a + 2], ARGV[a + 3], tonumber(ARGV[a + 4])
  local client_key
  if number then
    client_key = KEYS[first_window + window_count + numbers_before]
    numbers_before = numbers_before + 1
  end
  local lost = place > app.tail
  if place <= app.merged or digest == '' then return end
  if (lost and not number) or reason ~= '' then
    own[#own + 1] = { id, record_value(app.creation, place, digest, reason) }
  end
  if lost and number then
    local client = parse_client(call('GET', client_key))
    local first = ARGV[a + 4]
    if client and client.creation == app.creation then first = client.first end
    call('SET', client_key, client_value(app.creation, first, ARGV[a + 4], digits(place), digest), 'PX', client_life)
  end
end

-- What is there already stays in its window.
local function write_own()
  local ids, places, new = {}, {}, {}
  for i, record in ipairs(own) do ids[i] = record[1] end
  look_at_windows(first_window)
  find_records(ids, places)
  for i, record in ipairs(own) do
    if places[i] then
      call('HSET', places[i], record[1], record[2])
    else
      new[#new + 1] = record[1]
      new[#new + 1] = record[2]
    end
  end
  write_records(new, record_life)
end

if believed then
  call('SET', KEYS[4], ARGV[11])
  call('DEL', KEYS[3])
  call('SREM', KEYS[5], ARGV[2])
  call('HSET', KEYS[2], 'base', position, 'tail', position, 'merged', position, 'version', version,
    'basebytes', position_bytes, 'tailbytes', position_bytes, 'bytes', ARGV[10], 'checkpointbytes', #ARGV[11])
  for i = 1, records do restore(i) end
  write_own()
else
  count_log_bytes(app.tailbytes - app.basebytes)
end
local new_epoch = full_epoch(app.creation)
call('HSET', KEYS[2], 'generation', generation, 'epoch', new_epoch)
mark_changed(ARGV[2])
call('PUBLISH', ARGV[3], new_epoch)
return { 'ok' }
