-- read(life, epoch, position, bounds): the entries after that position, or the checkpoint and the entries after it if the epoch is
-- another or the position is trimmed away.
--
-- KEYS: server, application, log, checkpoint. ARGV: life, epoch ('' to start anew), position, most entries, most bytes, version of the
-- caller's fold.
-- Always at least one entry if there is one; the bytes are exceeded by one slice at the most.
if fold ~= tonumber(ARGV[6]) then return { 'other-fold', fold } end
local app = application(KEYS[2])
if not app then return { 'none' } end
if app.generation ~= generation then return { 'adopt' } end
if call('LLEN', KEYS[3]) ~= app.tail - app.base and not admit_strangers(app, KEYS[2], KEYS[3]) then return { 'damaged' } end

local from, checkpoint = tonumber(ARGV[3]), false
if ARGV[2] ~= app.epoch or from < app.base or from > app.tail then
  from = app.base
  checkpoint = call('GET', KEYS[4]) or ''
end

local entries, bytes = {}, 0
local most, most_bytes = tonumber(ARGV[4]), tonumber(ARGV[5])
-- Elements are looked at in slices, the smaller the larger they are on average: a script may not copy megabytes to use one.
local waiting = app.tail - app.base
local average = waiting > 0 and (app.tailbytes - app.basebytes) / waiting or 1
local slice = math.max(1, math.min(256, math.floor(65536 / math.max(1, average))))
local at = from - app.base
while at < waiting and #entries < most and bytes < most_bytes do
  local last = math.min(at + slice, waiting, at + most - #entries) - 1
  for _, entry in ipairs(call('LRANGE', KEYS[3], at, last)) do
    if #entries > 0 and bytes + #entry > most_bytes then
      bytes = most_bytes
      break
    end
    entries[#entries + 1] = entry
    bytes = bytes + #entry
  end
  at = last + 1
end
return { 'ok', app.epoch, app.base, app.tail, app.merged, from, checkpoint, entries }
