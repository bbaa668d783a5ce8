-- adopt(life, snapshot): an application takes the generation of its partition, after the Redis life changed.
--
-- KEYS: server, application, log, checkpoint, dirty, then two per record: the change's record, its client's record.
-- ARGV: life, application, channel, record lifetime, client lifetime (milliseconds),
--       snapshot's epoch ('' without a snapshot), position, version, log bytes, bytes of the state, snapshot,
--       then per record: position, digest, reason, number ('' if the change is not numbered).
--
-- The snapshot is believed only if it is of exactly the epoch that the application had, ahead of the log that is left, and
-- knows every change after the last position that was published: then nothing that it shows is without its record.
local app = application(KEYS[2])
if not app then return { 'none' } end
if app.generation == generation then return { 'ok' } end

local record_life, client_life = ARGV[4], ARGV[5]
local epoch, position, version, log_bytes = ARGV[6], tonumber(ARGV[7]), ARGV[8], ARGV[9]
local fields, first_record, first_key = 4, 12, 6
local records = (#ARGV - first_record + 1) / fields
local believed = epoch == app.epoch and position > app.tail and position - records <= app.merged

local function restore(i)
  local a = first_record + (i - 1) * fields
  local place, digest, reason, number = tonumber(ARGV[a]), ARGV[a + 1], ARGV[a + 2], tonumber(ARGV[a + 3])
  local record_key, client_key = KEYS[first_key + (i - 1) * 2], KEYS[first_key + (i - 1) * 2 + 1]
  local lost = place > app.tail
  if place <= app.merged or digest == '' then return end
  if (lost and not number) or reason ~= '' then
    call('SET', record_key, record_value(app.creation, place, digest, reason), 'PX', record_life)
  end
  if lost and number then
    local client = parse_client(call('GET', client_key))
    local first = ARGV[a + 3]
    if client and client.creation == app.creation then first = client.first end
    call('SET', client_key, client_value(app.creation, first, ARGV[a + 3], digits(place), digest), 'PX', client_life)
  end
end

if believed then
  call('SET', KEYS[4], ARGV[11])
  call('DEL', KEYS[3])
  call('SREM', KEYS[5], ARGV[2])
  call('HSET', KEYS[2], 'base', position, 'tail', position, 'merged', position, 'version', version,
    'basebytes', log_bytes, 'tailbytes', log_bytes, 'bytes', ARGV[10], 'checkpointbytes', #ARGV[11])
  for i = 1, records do restore(i) end
end
local new_epoch = full_epoch(app.creation)
call('HSET', KEYS[2], 'generation', generation, 'epoch', new_epoch)
call('PUBLISH', ARGV[3], new_epoch)
return { 'ok' }
