-- create(life, application, id, digest, kind, input, attempts, priority, not before, most alive, keep, retired, start, attempt, total, publish):
-- exactly once by id.
--
-- KEYS: server, prefix. `not before` is in milliseconds since 1970, 0 for at once. How long it and its id are kept, and the deadlines, are
-- in milliseconds, these '' for none; `publish` is a JSON string, '' for nowhere. Answers new, known, mismatch, retired or full.
local app, id = ARGV[2], ARGV[3]
local op = find(app, id)
if op then
  if call('HGET', op.key, 'digest') ~= ARGV[4] then return { 'mismatch' } end
  return { 'known', document(op) }
end
if call('EXISTS', retired_key(app, id)) == 1 then return { 'retired' } end
if tonumber(call('HGET', counts, 'alive:' .. app) or '0') >= tonumber(ARGV[10]) then return { 'full' } end

call('HINCRBY', counts, 'alive:' .. app, 1)
call('HINCRBY', totals, 'created', 1)
-- First by priority, then in the order of creation: both in one number that is exact.
local sequence = call('HINCRBY', counts, 'sequence', 1)
call('ZADD', list_key(app), sequence, id)
local key = key_of(app, id)
call('HSET', key, 'status', 'queued', 'digest', ARGV[4], 'kind', ARGV[5], 'input', ARGV[6], 'attempt', 0, 'attempts', ARGV[7],
  'priority', ARGV[8], 'score', digits((most_priority - tonumber(ARGV[8])) * 2 ^ 48 + sequence), 'created', digits(now),
  'keep', ARGV[11], 'retired', ARGV[12])
local first = math.max(now, tonumber(ARGV[9]))
if ARGV[9] ~= '0' then call('HSET', key, 'not_before', ARGV[9]) end
if ARGV[13] ~= '' then call('HSET', key, 'start_ms', ARGV[13]) end
if ARGV[14] ~= '' then call('HSET', key, 'attempt_ms', ARGV[14]) end
if ARGV[15] ~= '' then call('HSET', key, 'total_ms', ARGV[15]) end
if ARGV[16] ~= '' then call('HSET', key, 'publish', ARGV[16]) end
set_deadlines(key, first)
op = load(app, id)
become(op, 'queued')
if first > now then delay(op, first) else queue(op) end
return { 'new', document(op) }
