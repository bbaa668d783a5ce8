-- claim(life, worker, most, lease, nonce, number of kinds, kinds…, applications…): takes operations that wait, each under a lease.
--
-- KEYS: server, prefix. Without applications those of all of the partition, which take turns. `lease` is in milliseconds.
-- Answers in how many milliseconds something falls due next ('' if nothing does), and the operations.
local most, kinds = tonumber(ARGV[3]), tonumber(ARGV[6])
local first_app = 7 + kinds

settle_due()

local items = {}

local function take(op)
  local fence = call('HINCRBY', op.key, 'fence', 1)
  local token = fence .. '-' .. sub(redis.sha1hex(ARGV[5] .. ' ' .. op.app .. ' ' .. op.id .. ' ' .. fence), 1, 24)
  op.attempt_end = op.attempt_ms and now + op.attempt_ms
  if op.attempt_end then call('HSET', op.key, 'attempt_end', digits(op.attempt_end)) end
  local lease = digits(lease_end(op, tonumber(ARGV[4])))
  become(op, 'running', 'attempt', op.attempt + 1, 'token', token, 'lease', lease, 'lease_ms', ARGV[4], 'worker', ARGV[2])
  call('HINCRBY', totals, 'claimed', 1)
  call('ZADD', due, lease, op.app .. ' ' .. op.id)
  local h = call('HMGET', op.key, 'input', 'checkpoint')
  items[#items + 1] = { op.app, op.id, token, lease, h[1] or '', h[2] or '', document(op) }
end

-- Whether something was taken from this line.
local function take_from(kind, app)
  local popped = call('ZPOPMIN', ready_key(kind, app))
  if popped[1] then count_waiting(kind, -1) end
  local op = popped[1] and load(app, popped[1])
  -- Its deadline may be over, with more due than is settled at once.
  if op and not settle(op) and op.status == 'queued' then take(op) end
  close_line(kind, app)
  return popped[1] ~= nil
end

local function take_one(kind)
  if ARGV[first_app] then
    local taken = false
    for i = first_app, #ARGV do
      if #items >= most then break end
      taken = take_from(kind, ARGV[i]) or taken
    end
    return taken
  end
  local app = call('ZRANGE', apps_key(kind), 0, 0)[1]
  if not app then return false end
  -- To the end of the line of applications; it leaves that if it has nothing more.
  call('ZADD', apps_key(kind), call('HINCRBY', counts, 'turn', 1), app)
  take_from(kind, app)
  return true
end

-- The kinds take turns, too. What turns out to be over is not gone through without end.
local found, rounds = true, most + most_due
while found and #items < most and rounds > 0 do
  found, rounds = false, rounds - 1
  for i = 7, 6 + kinds do
    if #items < most and take_one(ARGV[i]) then found = true end
  end
end
return { 'ok', time_to(due), items }
