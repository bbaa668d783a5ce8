-- append(life, changes): gives every new change its position, and every repeat the position it has.
--
-- The limits of the daemon stand in front of this as local numbers, so that no call carries or reads them (see Scripts.swift):
-- most_changes that may wait, most_bytes of log, most_partition_bytes of all logs and most_records of the partition, and in milliseconds
-- record_life, client_life, window of timed ids, tolerance for ids from the future.
--
-- KEYS: server, application, log, dirty, apps, records, the windows, then for each numbered change its client's record, in order.
-- ARGV: life, application, pushed channel, nonce, all or none ('1' or '0'), then per change '<id> <kind> <condition> <digest>\n<patch>',
--       which is its entry but for format and time, and last the forms, one letter per change: 'n' numbered, 't' with a time in the id,
--       'p' plain. A condition that holds in one epoch only ends in '@<epoch>'.
--
-- Answers 'ok', epoch, merged, then an array for every change or run of new changes: new (with the first one's position, and how
-- many) | known (with position, reason) | mismatch | deleted | too-old | from-the-future | out-of-order | client-unknown | full |
-- partition-full | records-full. 'damaged' if the list is not what was written. With all or none: 'refused', epoch, index, and that array, and nothing
-- is written.
-- Counts anew, in the first call of an hour, and forgets the hours whose last record has expired.
local function count_records(key, hour, hours)
  local records, gone = 0, { 'hour' }
  local all = call('HGETALL', key)
  for i = 1, #all, 2 do
    local made = tonumber(all[i])
    if made and made >= hour - hours then records = records + tonumber(all[i + 1]) end
    if made and made < hour - hours then gone[#gone + 1] = all[i] end
  end
  call('HDEL', key, unpack(gone))
  call('HSET', key, 'hour', hour, 'total', records)
  return records
end

-- With a condition that is free of epochs: one of the present epoch loses its '@<epoch>', one of another never holds.
local function settled(text, epoch)
  local id_and_kind, condition, wanted, rest = match(text, '^(%S+ %a )(%S+)@(%w+)( %x+\n.*)$')
  if not condition then return text end
  return id_and_kind .. (wanted == epoch and condition or '!') .. rest
end

local app = application(KEYS[2])
if app and app.generation ~= generation then return { 'adopt' } end

local time, time_digits = now()
local all_or_none, forms = ARGV[5] == '1', ARGV[#ARGV]
local count, first_change, first_window = #forms, 5, 7
local first_client = first_window + window_count
local numbered, timed, any = byte('nt-', 1, 3)

local fresh = app == nil
if fresh then
  local creation = unique(ARGV[4])
  app = { creation = creation, epoch = full_epoch(creation), base = 0, tail = 0, merged = 0, basebytes = 0, tailbytes = 0 }
elseif call('LLEN', KEYS[3]) ~= app.tail - app.base and not admit_strangers(app, KEYS[2], KEYS[3]) then
  return { 'damaged' }
end
local creation, epoch, merged, tail, bytes = app.creation, app.epoch, app.merged, app.tail, app.tailbytes
local last_tail, last_bytes = merged + most_changes, app.basebytes + most_bytes
local last_partition_bytes = bytes + most_partition_bytes - log_bytes

local ids = {}
for i = 1, count do
  local text = ARGV[first_change + i]
  ids[i] = sub(text, 1, find(text, ' ', 1, true) - 1)
end
look_at_windows(first_window)
local found = find_records(ids)
local found_clients = KEYS[first_client] and call('MGET', unpack(KEYS, first_client)) or {}

-- How many records of single changes the partition may have, counted by the hour in which they were made, as long as the window in
-- which they stand may live, and up to an hour more.
local hour, records, records_of_hour, new_records = digits(math.floor(time / 3600000)), 0, 0, 0
if find(forms, '[^n]') then
  local counted = call('HMGET', KEYS[6], 'hour', 'total', hour)
  records, records_of_hour = tonumber(counted[2] or 0), tonumber(counted[3] or 0)
  if counted[1] ~= hour then records = count_records(KEYS[6], tonumber(hour), math.ceil(longest_life(record_life) / 3600000)) end
end

-- First judge every change, as if the ones before it in this call were appended already; write afterwards.
local results, entries, run = {}, {}, nil
local first_entry = tail -- entries[n] has the position first_entry + n
local places = {} -- of the new changes in `entries`, by id
local fields, record_head = {}, creation .. ' ' -- records of the new changes that are not numbered
local clients, new_clients = {}, {} -- by key: as they will be; the keys of those that change
local head, numbers_before = '1 ' .. time_digits .. ' ', 0

-- An answer for a change that has come before in this call.
local function judge_repeated(place, digest)
  local line = find(entries[place], '\n', 1, true)
  if sub(entries[place], line - 32, line - 1) ~= digest then return { 'mismatch', first_entry + place } end
  return { 'known', first_entry + place, '' }
end

-- An answer for a change that has a record; nil if nobody can read it.
local function judge_recorded(record, digest)
  if not record then return nil end
  if record.creation ~= creation then return { 'deleted' } end
  if record.digest ~= digest then return { 'mismatch', record.position } end
  return { 'known', record.position, record.reason }
end

-- Why an id with a time in it is not taken; nil if it is. Its first 48 bits are milliseconds (UUIDv7, RFC 9562, section 5.7).
local function judge_time(id)
  local made = tonumber(sub(id, 1, 8) .. sub(id, 10, 13), 16)
  if time - made > window then return { 'too-old' } end
  if made - time > tolerance then return { 'from-the-future' } end
  return nil
end

for i = 1, count do
  local text, id, form = ARGV[first_change + i], ids[i], byte(forms, i)
  local line = find(text, '\n', 1, true)
  local digest = sub(text, line - 32, line - 1)
  local number, number_digits, client_key, client
  if form == numbered then
    number_digits = match(id, '~(%d+)$')
    number, client_key = tonumber(number_digits), KEYS[first_client + numbers_before]
    numbers_before = numbers_before + 1
    client = clients[client_key] or parse_client(found_clients[numbers_before])
  end
  local result
  if places[id] then
    result = judge_repeated(places[id], digest)
  elseif number then
    result = judge_numbered(client, number, digest, parse_record(found[i]), creation)
  else
    -- Mostly there is no record: then nothing is called.
    result = found[i] and judge_recorded(parse_record(found[i]), digest)
    if not result and form == timed then result = judge_time(id) end
  end
  if not result then
    if byte(text, line - 34) ~= any then text = settled(text, epoch) end
    local entry = head .. text
    if tail >= last_tail or bytes + #entry > last_bytes then
      result = { 'full' }
    elseif bytes + #entry > last_partition_bytes then
      result = { 'partition-full' }
    elseif not number and records + new_records >= most_records then
      result = { 'records-full' }
    else
      tail = tail + 1
      bytes = bytes + #entry
      entries[tail - first_entry] = entry
      places[id] = tail - first_entry
      if not number then
        new_records = new_records + 1
        fields[2 * new_records - 1], fields[2 * new_records] = id, record_head .. digits(tail) .. ' ' .. digest
      else
        if not clients[client_key] then new_clients[#new_clients + 1] = client_key end
        if not client or client.creation ~= creation then client = { creation = creation, first = number_digits } end
        client.last, client.digits, client.position, client.digest = number, number_digits, tail, digest
        clients[client_key] = client
      end
    end
  end
  if result then
    if all_or_none and result[1] ~= 'known' then return { 'refused', epoch, i - 1, result } end
    results[#results + 1] = result
    run = nil
  elseif run then
    run[3] = run[3] + 1
  else
    run = { 'new', tail, 1 }
    results[#results + 1] = run
  end
end

-- Memberships first, which do no harm if nothing follows. Then the log, and last the records that suppress repeats: were it the
-- other way round, a failure between the two would make the retry look like a repeat of something that was never appended.
if #entries > 0 then
  call('SADD', KEYS[4], ARGV[2])
  if fresh then call('ZADD', KEYS[5], 0, ARGV[2]) end
  call('RPUSH', KEYS[3], unpack(entries))
  count_log_bytes(bytes - app.tailbytes)
  call('HSET', KEYS[2], 'tail', digits(tail), 'tailbytes', digits(bytes), 'pushed', time_digits, 'last',
    mark_of(entries[#entries]))
  if fresh then
    call('HSET', KEYS[2], 'creation', creation, 'generation', generation, 'epoch', epoch, 'base', 0, 'merged', 0, 'version', 0,
      'basebytes', 0, 'bytes', 2, 'checkpointbytes', 0, 'created', time_digits)
  end
  if new_records > 0 then
    write_records(fields, record_life)
    call('HSET', KEYS[6], hour, digits(records_of_hour + new_records), 'total', digits(records + new_records))
  end
  if #new_clients > 0 then
    local expiry = digits(time + client_life)
    for _, key in ipairs(new_clients) do
      local client = clients[key]
      call('SET', key, client_value(creation, client.first, client.digits, digits(client.position), client.digest),
        'PXAT', expiry)
    end
  end
  call('PUBLISH', ARGV[3], ARGV[2])
end
return { 'ok', epoch, merged, results }
