-- Goes in front of every script of a partition. KEYS[1] is the partition's server hash, ARGV[1] the Redis life that the
-- caller's connection found. All checks come before the first write, because Lua does not roll back.

-- Is this still the Redis that the caller connected to, as the partition knows it?
local function life_is_known()
  return redis.call('HGET', KEYS[1], 'life') == ARGV[1]
end

local function present_generation()
  return redis.call('HGET', KEYS[1], 'generation')
end

-- The application's hash, nil if there is no such application.
local function application(key)
  local h = redis.call('HMGET', key, 'creation', 'generation', 'epoch', 'base', 'tail', 'merged', 'version',
    'basebytes', 'tailbytes')
  if not h[1] then return nil end
  return { creation = h[1], generation = h[2], epoch = h[3], base = tonumber(h[4]), tail = tonumber(h[5]),
    merged = tonumber(h[6]), version = tonumber(h[7]), basebytes = tonumber(h[8]), tailbytes = tonumber(h[9]) }
end

-- Numbers in text: Lua's own conversion would round from 15 digits on.
local function digits(n)
  return string.format('%.0f', n)
end

-- Milliseconds since 1970.
local function now()
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

-- Redis seeds Lua's random numbers alike in every run, so the randomness comes from the caller.
local function unique(nonce)
  local t = redis.call('TIME')
  return t[1] .. '.' .. t[2] .. '.' .. nonce
end

-- What clients see of an application's creation and generation together.
local function full_epoch(creation, generation)
  return string.sub(redis.sha1hex(creation .. ' ' .. generation), 1, 12)
end

-- A change's record: creation, position, digest, and the reason if it was rejected.
local function record_value(creation, position, digest, reason)
  local value = creation .. ' ' .. digits(position) .. ' ' .. digest
  if reason and reason ~= '' then value = value .. ' ' .. reason end
  return value
end

local function parse_record(value)
  if not value then return nil end
  local creation, position, digest, rest = string.match(value, '^(%S+) (%d+) (%S+)(.*)$')
  if not creation then return nil end
  return { creation = creation, position = tonumber(position), digest = digest, reason = string.sub(rest, 2) }
end

-- A client's record: creation, its first and last number there, and the last one's position and digest.
local function client_value(creation, first, last, position, digest)
  return table.concat({ creation, digits(first), digits(last), digits(position), digest }, ' ')
end

local function parse_client(value)
  if not value then return nil end
  local creation, first, last, position, digest = string.match(value, '^(%S+) (%d+) (%d+) (%d+) (%S+)$')
  if not creation then return nil end
  return { creation = creation, first = tonumber(first), last = tonumber(last), position = tonumber(position),
    digest = digest }
end

-- By what the last element of a list that append wrote is known again. An entry's head has its time, id and digest.
local function mark_of(entry)
  return redis.sha1hex(string.sub(entry, 1, 512))
end

-- More than this at once is no accident of somebody's hand.
local most_strangers = 1000

-- Is the list as long as the positions say? Elements that somebody else pushed behind ours are admitted: each takes a position,
-- where the fold rejects it, and the changes behind it go on. Anything else is damage, because then nobody can tell which entry
-- has which position.
local function list_is_sound(app, head, log)
  local ours = app.tail - app.base
  local strangers = redis.call('LLEN', log) - ours
  if strangers == 0 then return true end
  if strangers < 0 or strangers > most_strangers then return false end
  if ours > 0 and mark_of(redis.call('LINDEX', log, ours - 1)) ~= redis.call('HGET', head, 'last') then return false end
  local last
  for _, element in ipairs(redis.call('LRANGE', log, ours, -1)) do
    app.tail = app.tail + 1
    app.tailbytes = app.tailbytes + #element
    last = element
  end
  redis.call('HSET', head, 'tail', app.tail, 'tailbytes', app.tailbytes, 'last', mark_of(last))
  return true
end

-- What is known of a numbered change: nil if it is the client's next one, else an answer as append gives it.
local function judge_numbered(client, number, digest, record, creation)
  if not client then
    if number == 1 then return nil end
    return { 'client-unknown' }
  end
  if number == client.last + 1 then return nil end
  if number > client.last + 1 then return { 'out-of-order', client.last + 1 } end
  if client.creation ~= creation or number < client.first then return { 'deleted' } end
  if record and record.creation == creation then
    if digest and record.digest ~= digest then return { 'mismatch', record.position } end
    return { 'known', record.position, record.reason }
  end
  if number == client.last and digest and client.digest ~= digest then return { 'mismatch', client.position } end
  return { 'known', client.position, '' }
end
