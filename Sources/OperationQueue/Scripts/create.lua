-- create(life, application, id, digest, kind, input, attempts, priority, not before): exactly once by id.
--
-- KEYS: server, prefix. `not before` is in milliseconds since 1970, 0 for at once. Answers new, known, mismatch, retired or full.
local app, id = ARGV[2], ARGV[3]
local op = find(app, id)
if op then
  if call('HGET', op.key, 'digest') ~= ARGV[4] then return { 'mismatch' } end
  return { 'known', document(op) }
end
if call('EXISTS', retired_key(app, id)) == 1 then return { 'retired' } end
if tonumber(call('HGET', counts, 'alive:' .. app) or '0') >= most_alive then return { 'full' } end

call('HINCRBY', counts, 'alive:' .. app, 1)
-- First by priority, then in the order of creation: both in one number that is exact.
local sequence = call('HINCRBY', counts, 'sequence', 1)
op = { key = key_of(app, id), app = app, id = id, kind = ARGV[5],
  score = digits((most_priority - tonumber(ARGV[8])) * 2 ^ 48 + sequence) }
call('HSET', op.key, 'digest', ARGV[4], 'kind', ARGV[5], 'input', ARGV[6], 'attempt', 0, 'attempts', ARGV[7], 'priority', ARGV[8],
  'score', op.score, 'created', digits(now))
if ARGV[9] ~= '0' then call('HSET', op.key, 'not_before', ARGV[9]) end
change(op, 'status', 'queued')
if tonumber(ARGV[9]) > now then delay(op, ARGV[9]) else queue(op) end
return { 'new', document(op) }
