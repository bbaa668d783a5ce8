-- append(life, limits, changes): gives every new change its position, and every repeat the position it has.
--
-- KEYS: server, application, log, dirty, apps, records, then two per change: the change's record, its client's record
--       (for a change that is not numbered, its record again).
-- ARGV: life, application, pushed channel, nonce, all or none ('1' or '0'), most changes that may wait, most bytes of log,
--       record lifetime, client lifetime, window of timed ids, tolerance for ids from the future (milliseconds),
--       most records of the partition, then per change: id, digest, number, time in the id (both '' if it has none), kind, epoch of the condition
--       ('' if it names none), condition, patch.
--
-- Answers 'ok', epoch, merged, then one array a change: new | known (with position, reason) | mismatch | deleted | too-old |
-- from-the-future | out-of-order | client-unknown | full | records-full. 'damaged' if the list is not what was written. With all or none: 'refused', epoch, index, and that array, and nothing is written.
if not life_is_known() then return { 'stale-life' } end
local app = application(KEYS[2])
local generation = present_generation()
if app and app.generation ~= generation then return { 'adopt' } end

local time = now()
local all_or_none = ARGV[5] == '1'
local most_changes, most_bytes = tonumber(ARGV[6]), tonumber(ARGV[7])
local record_life, client_life = ARGV[8], ARGV[9]
local window, tolerance = tonumber(ARGV[10]), tonumber(ARGV[11])
local most_records = tonumber(ARGV[12])
local fields, first_change, first_key = 8, 13, 7
local count = (#ARGV - first_change + 1) / fields

local fresh = app == nil
if fresh then
  local creation = unique(ARGV[4])
  app = { creation = creation, epoch = full_epoch(creation, generation), base = 0, tail = 0, merged = 0, version = 0,
    basebytes = 0, tailbytes = 0 }
elseif not list_is_sound(app, KEYS[2], KEYS[3]) then
  return { 'damaged' }
end

-- How many records of single changes the partition may have, counted by the hour in which they were made: one that has expired is
-- counted for up to an hour more.
local hour, hours = math.floor(time / 3600000), math.ceil(tonumber(record_life) / 3600000)
local counted = redis.call('HMGET', KEYS[6], 'hour', 'total')
local records = tonumber(counted[2] or 0)
if tonumber(counted[1]) ~= hour then
  records = 0
  local gone = { 'hour' }
  local all = redis.call('HGETALL', KEYS[6])
  for i = 1, #all, 2 do
    local made = tonumber(all[i])
    if made and made >= hour - hours then records = records + tonumber(all[i + 1]) end
    if made and made < hour - hours then gone[#gone + 1] = all[i] end
  end
  redis.call('HDEL', KEYS[6], unpack(gone))
  redis.call('HSET', KEYS[6], 'hour', hour, 'total', records)
end
local new_records = 0

-- First judge every change, as if the ones before it in this call were appended already; write afterwards.
local results, entries, planned, planned_clients = {}, {}, {}, {}
local tail, bytes = app.tail, app.tailbytes

local function judge(i, id, digest, number, made)
  local earlier = planned[id]
  if earlier then
    if earlier.digest ~= digest then return { 'mismatch', earlier.position } end
    return { 'known', earlier.position, '' }
  end
  local key = first_key + (i - 1) * 2
  local record = parse_record(redis.call('GET', KEYS[key]))
  if number then
    local client = planned_clients[KEYS[key + 1]] or parse_client(redis.call('GET', KEYS[key + 1]))
    return judge_numbered(client, number, digest, record, app.creation)
  end
  if record then
    if record.creation ~= app.creation then return { 'deleted' } end
    if record.digest ~= digest then return { 'mismatch', record.position } end
    return { 'known', record.position, record.reason }
  end
  if made and time - made > window then return { 'too-old' } end
  if made and made - time > tolerance then return { 'from-the-future' } end
  return nil
end

for i = 1, count do
  local a = first_change + (i - 1) * fields
  local id, digest, number, made = ARGV[a], ARGV[a + 1], tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3])
  local result = judge(i, id, digest, number, made)
  if not result then
    local condition = ARGV[a + 6]
    if ARGV[a + 5] ~= '' and ARGV[a + 5] ~= app.epoch then condition = '!' end
    local entry = '1 ' .. digits(time) .. ' ' .. id .. ' ' .. ARGV[a + 4] .. ' ' .. condition .. ' ' .. digest .. '\n' ..
      ARGV[a + 7]
    if tail - app.merged >= most_changes or bytes - app.basebytes + #entry > most_bytes then
      result = { 'full' }
    elseif not number and records + new_records >= most_records then
      result = { 'records-full' }
    else
      if not number then new_records = new_records + 1 end
      tail = tail + 1
      bytes = bytes + #entry
      entries[#entries + 1] = entry
      planned[id] = { position = tail, digest = digest, index = i, number = number }
      if number then
        local key = KEYS[first_key + (i - 1) * 2 + 1]
        local client = planned_clients[key] or parse_client(redis.call('GET', key))
        local first = number
        if client and client.creation == app.creation then first = client.first end
        planned_clients[key] = { creation = app.creation, first = first, last = number, position = tail, digest = digest }
      end
      result = { 'new', tail }
    end
  end
  if all_or_none and result[1] ~= 'new' and result[1] ~= 'known' then return { 'refused', app.epoch, i - 1, result } end
  results[i] = result
end

-- Memberships first, which do no harm if nothing follows. Then the log, and last the records that suppress repeats: were it the
-- other way round, a failure between the two would make the retry look like a repeat of something that was never appended.
if #entries > 0 then
  redis.call('SADD', KEYS[4], ARGV[2])
  if fresh then redis.call('ZADD', KEYS[5], 0, ARGV[2]) end
  redis.call('RPUSH', KEYS[3], unpack(entries))
  redis.call('HSET', KEYS[2], 'tail', tail, 'tailbytes', bytes, 'pushed', time, 'last', mark_of(entries[#entries]))
  if fresh then
    redis.call('HSET', KEYS[2], 'creation', app.creation, 'generation', generation, 'epoch', app.epoch, 'base', 0,
      'merged', 0, 'version', 0, 'basebytes', 0, 'bytes', 2, 'checkpointbytes', 0, 'created', time)
  end
  for _, plan in pairs(planned) do
    if not plan.number then
      redis.call('SET', KEYS[first_key + (plan.index - 1) * 2],
        record_value(app.creation, plan.position, plan.digest), 'PX', record_life)
    end
  end
  for key, client in pairs(planned_clients) do
    redis.call('SET', key, client_value(client.creation, client.first, client.last, client.position, client.digest),
      'PX', client_life)
  end
  if new_records > 0 then
    redis.call('HINCRBY', KEYS[6], hour, new_records)
    redis.call('HINCRBY', KEYS[6], 'total', new_records)
  end
  redis.call('PUBLISH', ARGV[3], ARGV[2])
end
return { 'ok', app.epoch, app.merged, results }
