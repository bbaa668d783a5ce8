-- Goes in front of every script of operations, behind the limits (see Scripts.swift). KEYS[1] is the partition's server hash, KEYS[2] what
-- all keys of its operations begin with, ARGV[1] the Redis life that the caller's connection found and the generation in which the caller has
-- met the partition. All keys have the partition's hash tag.
--
-- An operation is a hash. While it may be claimed it stands in the sorted set of its application and kind. Where time will bring something
-- about it stands in `due` besides, once, by the first such time: it may be claimed from then on, a deadline is over, its lease has run out,
-- or nobody can ask for it any more.
local call = redis.call
local format, match, sub = string.format, string.match, string.sub

local server = call('HMGET', KEYS[1], 'life', 'generation')
if not server[1] or server[1] .. ' ' .. server[2] ~= ARGV[1] then return { 'stale-life' } end

local prefix = KEYS[2]
local due, counts, totals, waiting = prefix .. '-due', prefix .. '-counts', prefix .. '-totals', prefix .. '-waiting'
local news = prefix .. '-news'
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

local function list_key(app) return prefix .. '-list:' .. app end
local function news_key(app, id) return prefix .. '-news:' .. app .. ':' .. id end

-- What is decided by; nil if there is no such operation, or not any more.
local function load(app, id)
  local key = key_of(app, id)
  local h = call('HMGET', key, 'status', 'kind', 'score', 'attempt', 'attempts', 'token', 'lease', 'lease_ms', 'ended', 'revision', 'keep',
    'retired', 'start_at', 'total_at', 'attempt_ms', 'attempt_end', 'publish', 'expires')
  if not h[1] then return nil end
  return { key = key, app = app, id = id, status = h[1], kind = h[2], score = h[3], attempt = tonumber(h[4]), attempts = tonumber(h[5]),
    token = h[6], lease = tonumber(h[7]), lease_ms = h[8], ended = h[9] or '', revision = h[10], keep = tonumber(h[11]),
    retired = tonumber(h[12]), start_at = tonumber(h[13]), total_at = tonumber(h[14]), attempt_ms = tonumber(h[15]),
    attempt_end = tonumber(h[16]), publish = h[17], expires = tonumber(h[18]) }
end

local over = { succeeded = true, failed = true, cancelled = true, dead = true }

-- What is to be said in the application's state is put down where it happens and taken to the log afterwards (see news.lua). Each entry is
-- written once and never altered, so that whoever takes it there twice, or late, is answered that it is there already.
local function tell(op)
  local h = call('HMGET', op.key, 'status', 'progress', 'result_type', 'result_digest')
  local number = call('HINCRBY', op.key, 'told', 1)
  call('RPUSH', news_key(op.app, op.id), number .. ' ' .. digits(now) .. ' ' .. h[1] .. '\n' .. op.publish .. '\n' .. (h[2] or '') .. '\n'
    .. (h[3] or '') .. '\n' .. (h[4] or ''))
  call('HSET', op.key, 'told_at', digits(now))
  call('HDEL', op.key, 'untold')
end

-- Marks the operation as one of which something is to be said from then on.
local function mark(op, at, how)
  if call('ZADD', news, how, 'CH', digits(at), op.app .. ' ' .. op.id) == 1 then call('PUBLISH', news_channel, op.app) end
end

-- When it may be said how far it is: so long after what was said last.
local function next_told(op) return math.max(now, tonumber(call('HGET', op.key, 'told_at') or '0') + news_pause_ms) end

-- Writes what has changed, as field, value, …, and tells those who wait for it.
local function change(op, ...)
  call('HSET', op.key, 'updated', digits(now), ...)
  call('HINCRBY', op.key, 'revision', 1)
  call('PUBLISH', prefix .. 's:' .. op.app, op.id)
end

-- The same where it is another status: each of them is said in the state. While more are put down already than there may be, only the last.
local function become(op, status, ...)
  op.status = status
  change(op, 'status', status, ...)
  if not op.publish then return end
  if call('LLEN', news_key(op.app, op.id)) < most_news then tell(op) else call('HSET', op.key, 'untold', 1) end
  mark(op, now, 'LT')
end

-- How many may be claimed, for people.
local function count_waiting(kind, change)
  if call('HINCRBY', waiting, kind, change) <= 0 then call('HDEL', waiting, kind) end
end

-- Until when it may wait; nil for ever.
local function deadline(op)
  if op.attempt == 0 and op.start_at then return op.total_at and math.min(op.start_at, op.total_at) or op.start_at end
  return op.total_at
end

-- Deadlines count from when it may first be claimed.
local function set_deadlines(key, first)
  local h = call('HMGET', key, 'start_ms', 'total_ms')
  if h[1] then call('HSET', key, 'start_at', digits(first + h[1])) end
  if h[2] then call('HSET', key, 'total_at', digits(first + h[2])) end
end

-- May be claimed from now on, where it was in the line before.
local function queue(op)
  local last = deadline(op)
  if last then call('ZADD', due, digits(last), op.app .. ' ' .. op.id) else call('ZREM', due, op.app .. ' ' .. op.id) end
  count_waiting(op.kind, call('ZADD', ready_key(op.kind, op.app), op.score, op.id))
  if not call('ZSCORE', apps_key(op.kind), op.app) then
    call('ZADD', apps_key(op.kind), call('HINCRBY', counts, 'turn', 1), op.app)
  end
  call('PUBLISH', work_channel, op.kind .. ' ' .. op.app)
end

-- May be claimed from then on.
local function delay(op, at)
  call('ZADD', due, digits(math.min(at, deadline(op) or at)), op.app .. ' ' .. op.id)
end

-- The application's line of a kind after something was taken out.
local function close_line(kind, app)
  if call('EXISTS', ready_key(kind, app)) == 0 then call('ZREM', apps_key(kind), app) end
end

-- It is over: out of all lines, and kept for a while. What stays longer says that its id was used. One that is dead may be tried again.
local function finish(op, status, ...)
  if call('ZREM', ready_key(op.kind, op.app), op.id) == 1 then
    count_waiting(op.kind, -1)
    close_line(op.kind, op.app)
  end
  if call('HINCRBY', counts, 'alive:' .. op.app, -1) <= 0 then call('HDEL', counts, 'alive:' .. op.app) end
  call('HINCRBY', totals, status, 1)
  call('HDEL', op.key, 'token', 'lease')
  if status ~= 'dead' then call('HDEL', op.key, 'checkpoint', 'input') end
  op.expires = now + op.keep
  become(op, status, 'expires', digits(op.expires), ...)
  call('PEXPIRE', op.key, digits(op.keep))
  call('ZADD', due, digits(op.expires), op.app .. ' ' .. op.id)
  call('SET', retired_key(op.app, op.id), status, 'PX', digits(op.keep + op.retired))
  call('XADD', events, 'MAXLEN', '~', most_events, '*', 'type', 'operation.' .. status, 'app', op.app, 'id', op.id, 'kind', op.kind)
  call('PUBLISH', event_channel, match(prefix, '^{(.-)}'))
end

-- What is remembered of the end of a lease, so that its repeat gets the same answer: the token, what was done, and what came of it.
local function ending(token, verb, what) return token .. ' ' .. verb .. ' ' .. what end

-- Goes back into the line, from `at` on if that is to come.
local function requeue(op, at, ...)
  call('HDEL', op.key, 'token', 'lease')
  become(op, 'queued', ...)
  if at and at > now then delay(op, at) else queue(op) end
end

-- A lease lasts no longer than its attempt may, nor than the operation.
local function lease_end(op, ms)
  return math.min(now + ms, op.attempt_end or math.huge, op.total_at or math.huge)
end

local lease_error = '{"code":"lease-expired","message":"The worker was not heard of before its lease ran out."}'
local cancel_error = '{"code":"cancelled","message":"The operation was cancelled."}'

local attempt_error = '{"code":"attempt-timeout","message":"The last attempt took longer than an attempt may."}'
local start_error = '{"code":"deadline-exceeded","deadline":"start_s","message":"No attempt began in time."}'
local total_error = '{"code":"deadline-exceeded","deadline":"total_s","message":"The operation was not done in time."}'

-- Puts down what time has brought about: whoever looks first at an operation does it, so nothing depends on anybody. Answers whether there
-- was something.
local function settle(op)
  local is_late = op.total_at and op.total_at <= now
  if op.lease then
    if op.lease > now then return false end
    op.token, op.lease = false, nil
    if op.status == 'cancelling' then
      finish(op, 'cancelled', 'error', cancel_error)
    elseif is_late then
      finish(op, 'dead', 'error', total_error)
    elseif op.attempt >= op.attempts then
      finish(op, 'dead', 'error', op.attempt_end and op.attempt_end <= now and attempt_error or lease_error)
    else
      requeue(op)
    end
    return true
  end
  if op.status ~= 'queued' then return false end
  if is_late then
    finish(op, 'dead', 'error', total_error)
  elseif op.attempt == 0 and op.start_at and op.start_at <= now then
    finish(op, 'dead', 'error', start_error)
  else
    return false
  end
  return true
end

-- The same for all that has fallen due, the oldest first. So much in a call, because nobody else gets a word in meanwhile.
local function settle_due()
  for _, member in ipairs(call('ZRANGEBYSCORE', due, '-inf', digits(now), 'LIMIT', 0, most_due)) do
    local app, id = match(member, '^(%S+) (%S+)$')
    local op = load(app, id)
    if not op then
      call('ZREM', due, member)
      call('ZREM', list_key(app), id)
    elseif not settle(op) then
      if op.status == 'queued' then
        queue(op)
      else
        call('ZADD', due, digits(op.lease or math.max(op.expires or 0, now + 1000)), member)
      end
    end
  end
end

-- In how many milliseconds the first of these has its time; '' for never.
local function time_to(key)
  local score = call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]
  return score and digits(math.max(0, score - now)) or ''
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
    'expires', 'progress', 'error', 'result_type', 'result_digest', 'revision', 'publish')
  for i = 1, 16 do h[i] = h[i] or '' end
  h[17] = digits(now)
  return h
end
