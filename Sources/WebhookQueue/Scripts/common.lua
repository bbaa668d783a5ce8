-- Goes in front of every script of deliveries, behind the limits (see Scripts.swift). KEYS[1] is the partition's server hash, ARGV[1] the Redis
-- life that the caller's connection found and the generation in which the caller has met the partition. All keys have the partition's hash tag;
-- they are made up here, so that a script touches as many as it has use for.
--
-- A delivery is a hash. As long as it is not over it stands in the line of its webhook, `due:<webhook>`, by the time at which something is to
-- be done about it: it may be sent from then on, or the lease of the courier that sends it has run out. `waiting` has the webhooks with such
-- a line, by its first time.
local call = redis.call
local format, match, sub = string.format, string.match, string.sub

local server = call('HMGET', KEYS[1], 'life', 'generation')
if not server[1] or server[1] .. ' ' .. server[2] ~= ARGV[1] then return { 'stale-life' } end

local tag = match(KEYS[1], '^(.*)server$')
local events, cursor_key, changed, dirty = tag .. 'events', tag .. 'hook-cursor', tag .. 'changed', tag .. 'dirty'
local waiting, index = tag .. 'hook-waiting', tag .. 'hook-index'

local function digits(n)
  return format('%.0f', n)
end

local t = call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)

local function key_of(id) return tag .. 'hook-delivery:' .. id end
local function attempts_key(id) return tag .. 'hook-attempts:' .. id end
local function payload_key(name) return tag .. 'hook-payload:' .. name end
local function due_key(hook) return tag .. 'hook-due:' .. hook end
local function handed_key(app) return tag .. 'hook-handed:' .. app end

-- Couriers ask again when they hear of a partition.
local function tell() call('PUBLISH', event_channel, match(tag, '^{(.-)}')) end

local over = { succeeded = true, dead = true, skipped = true, discarded = true }

local function load(id)
  local h = call('HMGET', key_of(id), 'status', 'hook', 'attempt', 'token', 'type', 'app', 'event', 'payload', 'failing')
  if not h[1] then return nil end
  return { id = id, status = h[1], hook = h[2], attempt = tonumber(h[3]), token = h[4], type = h[5], app = h[6], event = h[7],
    payload = h[8], failing = h[9] }
end

-- The webhook's line has another first one.
local function settle_line(hook)
  local first = call('ZRANGE', due_key(hook), 0, 0, 'WITHSCORES')
  if first[1] then call('ZADD', waiting, first[2], hook) else call('ZREM', waiting, hook) end
end

local function schedule(d, at)
  call('ZADD', due_key(d.hook), digits(at), d.id)
  settle_line(d.hook)
end

local function change(d, ...)
  call('HSET', key_of(d.id), 'updated', digits(now), ...)
end

-- It is over: out of the line. A state may have gone on meanwhile, and is to be looked at again.
local function finish(d, status, ...)
  call('ZREM', due_key(d.hook), d.id)
  settle_line(d.hook)
  call('HDEL', key_of(d.id), 'token', 'next')
  d.status = status
  change(d, 'status', status, ...)
  if d.type == 'state.changed' then
    call('SADD', changed, d.app)
    tell()
  end
end

-- Waits for a courier from then on.
local function wait(d, status, at, ...)
  d.status = status
  call('HDEL', key_of(d.id), 'token')
  change(d, 'status', status, 'next', digits(at), ...)
  schedule(d, at)
end

-- A new event of this partition, as field, value, …
local function emit(...)
  call('XADD', events, 'MAXLEN', '~', most_events, '*', ...)
  tell()
end

-- What becomes of deliveries is told, but not of those that tell it.
local function tell_of(d, what)
  if match(d.type, '^webhook%.') or match(d.type, '^delivery%.') then return end
  emit('type', 'delivery.' .. what, 'app', d.app, 'delivery', d.id, 'hook', d.hook, 'of', d.type, 'attempt', d.attempt)
end

local function forget(id)
  local hook = call('HGET', key_of(id), 'hook')
  call('DEL', key_of(id), attempts_key(id))
  if hook and call('ZREM', due_key(hook), id) == 1 then settle_line(hook) end
  call('ZREM', index, id)
end

local function keep_payload(name, body)
  call('SET', payload_key(name), body, 'PX', keep_ms)
end

-- Makes a delivery, once for its id. Skipped ones wait for nobody.
local function create(id, hook, event, type, app, status, payload)
  local key = key_of(id)
  if call('EXISTS', key) == 1 then return false end
  call('HSET', key, 'hook', hook, 'event', event, 'type', type, 'app', app, 'payload', payload, 'attempt', 0, 'created', digits(now),
    'updated', digits(now), 'status', status)
  call('PEXPIRE', key, record_ms)
  call('ZADD', index, digits(now), id)
  if status == 'pending' then
    call('HSET', key, 'next', digits(now))
    schedule({ id = id, hook = hook }, now)
  end
  -- No more than one goes for each that comes, and a few whose time is over.
  for _, old in ipairs(call('ZRANGEBYSCORE', index, '-inf', digits(now - record_ms), 'LIMIT', 0, 10)) do forget(old) end
  if call('ZCARD', index) > most_deliveries then forget(call('ZRANGE', index, 0, 0)[1]) end
  return true
end

-- What everybody may see of a delivery, in the order in which Swift reads it.
local function document(id)
  local h = call('HMGET', key_of(id), 'hook', 'event', 'type', 'app', 'status', 'attempt', 'created', 'updated', 'next')
  for i = 1, 9 do h[i] = h[i] or '' end
  h[10] = id
  h[11] = call('LINDEX', attempts_key(id), -1) or ''
  return h
end
