-- Goes in front of every script of operations, behind the limits (see Scripts.swift). KEYS[1] is the partition's server hash, KEYS[2] what
-- all keys of its operations begin with, ARGV[1] the Redis life that the caller's connection found and the generation in which the caller has
-- met the partition. All keys have the partition's hash tag.
--
-- An operation is a hash. It is in exactly one place while it is alive: in the sorted set of its application and kind if it may be claimed,
-- else in `due`, by the time at which something is to be done about it: it may be claimed from then on, or its lease has run out.
local call = redis.call
local format, match, sub = string.format, string.match, string.sub

local server = call('HMGET', KEYS[1], 'life', 'generation')
if not server[1] or server[1] .. ' ' .. server[2] ~= ARGV[1] then return { 'stale-life' } end

local prefix = KEYS[2]
local due, counts = prefix .. '-due', prefix .. '-counts'
-- What webhooks are told of.
local events = match(prefix, '^{.-}:') .. 'events'

local function digits(n)
  return format('%.0f', n)
end

local t = call('TIME')
local now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)

local function key_of(app, id) return prefix .. ':' .. app .. ':' .. id end
local function retired_key(app, id) return prefix .. '-retired:' .. app .. ':' .. id end
local function ready_key(kind, app) return prefix .. '-ready:' .. kind .. ':' .. app end
local function apps_key(kind) return prefix .. '-apps:' .. kind end

-- What is decided by; nil if there is no such operation, or not any more.
local function load(app, id)
  local key = key_of(app, id)
  local h = call('HMGET', key, 'status', 'kind', 'score', 'attempt', 'attempts', 'token', 'lease', 'lease_ms', 'ended', 'revision')
  if not h[1] then return nil end
  return { key = key, app = app, id = id, status = h[1], kind = h[2], score = h[3], attempt = tonumber(h[4]), attempts = tonumber(h[5]),
    token = h[6], lease = tonumber(h[7]), lease_ms = h[8], ended = h[9] or '', revision = h[10] }
end

local over = { succeeded = true, failed = true, cancelled = true, dead = true }

-- Writes what has changed, as field, value, …, and tells those who wait for it.
local function change(op, ...)
  call('HSET', op.key, 'updated', digits(now), ...)
  call('HINCRBY', op.key, 'revision', 1)
  call('PUBLISH', prefix .. 's:' .. op.app, op.id)
end

-- May be claimed from now on, where it was in the line before.
local function queue(op)
  call('ZREM', due, op.app .. ' ' .. op.id)
  call('ZADD', ready_key(op.kind, op.app), op.score, op.id)
  if not call('ZSCORE', apps_key(op.kind), op.app) then
    call('ZADD', apps_key(op.kind), call('HINCRBY', counts, 'turn', 1), op.app)
  end
  call('PUBLISH', work_channel, op.kind .. ' ' .. op.app)
end

-- May be claimed from then on.
local function delay(op, at)
  call('ZADD', due, digits(at), op.app .. ' ' .. op.id)
end

-- The application's line of a kind after something was taken out.
local function close_line(kind, app)
  if call('EXISTS', ready_key(kind, app)) == 0 then call('ZREM', apps_key(kind), app) end
end

-- It is over: out of all lines, and kept for a while. What stays longer says that its id was used.
local function finish(op, status, ...)
  call('ZREM', due, op.app .. ' ' .. op.id)
  if call('ZREM', ready_key(op.kind, op.app), op.id) == 1 then close_line(op.kind, op.app) end
  if call('HINCRBY', counts, 'alive:' .. op.app, -1) <= 0 then call('HDEL', counts, 'alive:' .. op.app) end
  op.status = status
  call('HDEL', op.key, 'token', 'lease', 'checkpoint', 'input')
  change(op, 'status', status, 'expires', digits(now + keep_ms), ...)
  call('PEXPIRE', op.key, digits(keep_ms))
  call('SET', retired_key(op.app, op.id), status, 'PX', digits(keep_ms + retired_ms))
  call('XADD', events, 'MAXLEN', '~', most_events, '*', 'type', 'operation.' .. status, 'app', op.app, 'id', op.id, 'kind', op.kind)
  call('PUBLISH', event_channel, match(prefix, '^{(.-)}'))
end

-- What is remembered of the end of a lease, so that its repeat gets the same answer: the token, what was done, and what came of it.
local function ending(token, verb, what) return token .. ' ' .. verb .. ' ' .. what end

-- Goes back into the line, from `at` on if that is to come, or is over if somebody wants it cancelled.
local function requeue(op, at, ...)
  call('HDEL', op.key, 'token', 'lease')
  op.status = 'queued'
  change(op, 'status', 'queued', ...)
  if at and at > now then delay(op, at) else queue(op) end
end

local lease_error = '{"code":"lease-expired","message":"The worker was not heard of before its lease ran out."}'
local cancel_error = '{"code":"cancelled","message":"The operation was cancelled."}'

-- Puts down what time has brought about: whoever looks first at an operation whose lease has run out does it, so nothing depends on anybody.
local function settle(op)
  if not op.lease or op.lease > now then return end
  if op.status == 'cancelling' then
    finish(op, 'cancelled', 'error', cancel_error)
  elseif op.status == 'running' then
    if op.attempt >= op.attempts then finish(op, 'dead', 'error', lease_error) else requeue(op) end
  end
  op.token, op.lease = false, nil
end

local function find(app, id)
  local op = load(app, id)
  if op then settle(op) end
  return op
end

-- For an operation that is not there: whether it ever was, as far as anybody remembers.
local function absent(app, id)
  return { call('EXISTS', retired_key(app, id)) == 1 and 'gone' or 'unknown' }
end

-- What everybody may see of it, in the order in which Swift reads it.
local function document(op)
  local h = call('HMGET', op.key, 'status', 'kind', 'created', 'updated', 'attempt', 'attempts', 'priority', 'cancel', 'not_before',
    'expires', 'progress', 'error', 'result_type', 'result_digest', 'revision')
  for i = 1, 15 do h[i] = h[i] or '' end
  h[16] = digits(now)
  return h
end
