-- Goes in front of every script of a partition, behind window_count and window_slack (see Scripts.swift). KEYS[1] is the partition's
-- server hash, ARGV[1] the Redis life that the caller's connection found and the generation in which the caller has met the partition.
-- All checks come before the first write, because Lua does not roll back.
local call = redis.call
local byte, find, match, sub = string.byte, string.find, string.match, string.sub

-- Is this still the Redis that the caller connected to, as the partition knows it? And do both know of the same generation? If not, there may
-- have been another primary in between, with this life before and behind it (see recover.lua).
local server = call('HMGET', KEYS[1], 'life', 'generation', 'fold', 'logbytes')
if not server[1] or server[1] .. ' ' .. server[2] ~= ARGV[1] then return { 'stale-life' } end
local generation = server[2]

-- The version of the fold by which all states of this generation are made. Whoever folds by another has nothing to read or write here:
-- it would give the same positions other bytes. A newer one raises it with the lease, which begins another generation (see lease.lua).
local fold = tonumber(server[3] or '1')

-- Bytes of all logs of this generation: the sum of what its applications have between base and tail. A new generation begins with none, and
-- each application brings its own when it adopts it: so a count that a damaged Redis has got wrong is right again after that.
local log_bytes = tonumber(server[4] or '0')
local function count_log_bytes(bytes)
  if bytes == 0 then return end
  log_bytes = log_bytes + bytes
  call('HINCRBY', KEYS[1], 'logbytes', string.format('%.0f', bytes))
end

-- Of the partition's keys, those that few calls touch: their names are made up here. All begin with its hash tag.
local function own_key(name) return match(KEYS[1], '^(.*)server$') .. name end

-- The application's state may be another than who was told of it last knows: couriers look at those that are dirty, and at these.
local function mark_changed(name) call('SADD', own_key('changed'), name) end

-- The application's hash, nil if there is no such application.
local function application(key)
  local h = call('HMGET', key, 'creation', 'generation', 'epoch', 'base', 'tail', 'merged', 'version',
    'basebytes', 'tailbytes')
  if not h[1] then return nil end
  return { creation = h[1], generation = h[2], epoch = h[3], base = tonumber(h[4]), tail = tonumber(h[5]),
    merged = tonumber(h[6]), version = tonumber(h[7]), basebytes = tonumber(h[8]), tailbytes = tonumber(h[9]) }
end

-- Whole numbers in text: Lua's own conversion would round from 15 digits on, and be several times slower.
local function digits(n)
  return string.format(n < 2147483648 and '%d' or '%.0f', n)
end

-- Milliseconds since 1970, as a number and in text.
local function now()
  local t = call('TIME')
  local text = t[1] .. sub('00000' .. t[2], -6, -4)
  return tonumber(text), text
end

-- Redis seeds Lua's random numbers alike in every run, so the randomness comes from the caller.
-- 16 characters, because every record repeats them.
local function unique(nonce)
  local t = call('TIME')
  return sub(redis.sha1hex(t[1] .. '.' .. t[2] .. '.' .. nonce), 1, 16)
end

-- What clients see of an application's creation and generation together.
local function full_epoch(creation)
  return sub(redis.sha1hex(creation .. ' ' .. generation), 1, 12)
end

-- A change's record: creation, position, digest, and the reason if it was rejected.
local function record_value(creation, position, digest, reason)
  local value = creation .. ' ' .. digits(position) .. ' ' .. digest
  if reason and reason ~= '' then value = value .. ' ' .. reason end
  return value
end

local function parse_record(value)
  if not value then return nil end
  local creation, position, digest, rest = match(value, '^(%S+) (%d+) (%S+)(.*)$')
  if not creation then return nil end
  return { creation = creation, position = tonumber(position), digest = digest, reason = sub(rest, 2) }
end

-- A client's record: creation, its first and last number there, and the last one's position and digest. The numbers in text.
local function client_value(creation, first, last, position, digest)
  return creation .. ' ' .. first .. ' ' .. last .. ' ' .. position .. ' ' .. digest
end

-- The last one's position and digest are taken out only where they are asked for, by last_of: mostly nobody does.
local function parse_client(value)
  if not value then return nil end
  local creation, first, last, rest = match(value, '^(%S+) (%d+) (%d+) ()%d+ %S+$')
  if not creation then return nil end
  return { creation = creation, first = first, last = tonumber(last), value = value, rest = rest }
end

local function last_of(client)
  if client.position then return client.position, client.digest end
  local position, digest = match(client.value, '^(%d+) (%S+)$', client.rest)
  return tonumber(position), digest
end

-- By what the last element of a list that append wrote is known again: its id, which no other change of the application has. Hashes
-- stay small where no value has more than 64 bytes.
local function mark_of(entry)
  local id = match(entry, '^1 %d+ (%S+) ')
  if id and #id <= 64 then return id end
  return '#' .. redis.sha1hex(sub(entry, 1, 512))
end

-- More than this at once is no accident of somebody's hand.
local most_strangers = 1000

-- For a list that is not as long as the positions say. Elements that somebody else pushed behind ours are admitted: each takes a
-- position, where the fold rejects it, and the changes behind it go on. Anything else is damage, and false, because then nobody can
-- tell which entry has which position.
local function admit_strangers(app, head, log)
  local ours = app.tail - app.base
  local strangers = call('LLEN', log) - ours
  if strangers < 0 or strangers > most_strangers then return false end
  if ours > 0 and mark_of(call('LINDEX', log, ours - 1)) ~= call('HGET', head, 'last') then return false end
  local last, bytes = nil, 0
  for _, element in ipairs(call('LRANGE', log, ours, -1)) do
    app.tail = app.tail + 1
    bytes = bytes + #element
    last = element
  end
  app.tailbytes = app.tailbytes + bytes
  count_log_bytes(bytes)
  call('HSET', head, 'tail', app.tail, 'tailbytes', app.tailbytes, 'last', mark_of(last))
  return true
end

-- The records of single changes stand in a few hashes of the application, its windows, which take turns. One takes new records for a
-- while, a third of their lifetime if there are four; then the next one is opened, in the place of the oldest, whose records have all
-- had their time. Which is which is told by how long they still live, so it does not matter if daemons disagree about the lifetime.
local windows, youngest, youngest_left, oldest, oldest_left

-- Looks at the windows, whose keys stand from there on.
local function look_at_windows(first)
  windows = {}
  for i = first, first + window_count - 1 do
    local key = KEYS[i]
    local left = call('PTTL', key)
    if left ~= -2 then windows[#windows + 1] = key end
    if not youngest or left > youngest_left then youngest, youngest_left = key, left end
    if not oldest or left < oldest_left then oldest, oldest_left = key, left end
  end
end

-- So many at once: Lua has room for 8,000 arguments.
local slice = 1000

-- The records of these changes by their place in the list, false or nil for each that has none. Fills in the windows in which they
-- stand, if it is given a table for them.
local function find_records(ids, places)
  local found, count = {}, #ids
  for _, key in ipairs(windows) do
    for from = 0, count - 1, slice do
      local values = call('HMGET', key, unpack(ids, from + 1, math.min(from + slice, count)))
      for i = 1, #values do
        if values[i] then
          found[from + i] = values[i]
          if places then places[from + i] = key end
        end
      end
    end
  end
  return found
end

-- How long a window lives at most in which a record is to live that many milliseconds.
local function longest_life(life)
  return life + math.ceil(life / (window_count - 1)) + window_slack
end

-- Writes new records, given as id, value, id, value, …, into a window in which they live at least that many milliseconds.
local function write_records(fields, life)
  if #fields == 0 then return end
  local key, opens = youngest, youngest_left < life + window_slack
  -- If nothing is old enough to go, the lifetime was made longer, and the youngest one just lives longer too. What is old enough is
  -- unlinked here rather than left to expire, which holds everybody up with a large hash where lazyfree-lazy-expire is off.
  if opens and oldest_left <= window_slack then
    key = oldest
    call('UNLINK', key)
  end
  for from = 1, #fields, 2 * slice do
    call('HSET', key, unpack(fields, from, math.min(from + 2 * slice - 1, #fields)))
  end
  if opens then call('PEXPIRE', key, digits(longest_life(life))) end
end

-- What is known of a numbered change: nil if it is the client's next one, else an answer as append gives it.
local function judge_numbered(client, number, digest, record, creation)
  if not client then
    if number == 1 then return nil end
    return { 'client-unknown' }
  end
  if number == client.last + 1 then return nil end
  if number > client.last + 1 then return { 'out-of-order', client.last + 1 } end
  if client.creation ~= creation or number < tonumber(client.first) then return { 'deleted' } end
  if record and record.creation == creation then
    if digest and record.digest ~= digest then return { 'mismatch', record.position } end
    return { 'known', record.position, record.reason }
  end
  local position, last_digest = last_of(client)
  if number == client.last and digest and last_digest ~= digest then return { 'mismatch', position } end
  return { 'known', position, '' }
end
