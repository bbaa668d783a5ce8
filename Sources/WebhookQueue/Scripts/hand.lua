-- hand(life, application, epoch, version, number of webhooks that are gone, those, number of those that wait for an older version, those, then per
-- webhook: its name, the version that was told to it before ('' if none was), delivery, payload; a delivery '' for a version that need not be
-- told): a version is on its way.
--
-- KEYS: server. Each only once: who comes second finds another version told. If the application has this version still there is nothing more to
-- tell of it, as long as an older one is on its way to those that wait: its end is what sets the mark again. Answers how many deliveries are new.
local app, version = ARGV[2], ARGV[3] .. '-' .. ARGV[4]
local key, new, missed = handed_key(app), 0, false
local held = 6 + tonumber(ARGV[5])
for a = 6, held - 1 do call('HDEL', key, ARGV[a]) end
local first = held + 1 + tonumber(ARGV[held])
for a = held + 1, first - 1 do
  local status = call('HGET', key_of(match(call('HGET', key, ARGV[a]) or '', '%S*$')), 'status')
  if not status or over[status] then missed = true end
end
for a = first, #ARGV, 4 do
  local hook, before, id, body = ARGV[a], ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]
  local handed = match(call('HGET', key, hook) or '', '^%S+') or ''
  if handed ~= before then
    missed = true
  else
    if id ~= '' then
      if call('EXISTS', key_of(id)) == 0 then keep_payload(id, body) end
      if create(id, hook, version, 'state.changed', app, 'pending', id) then new = new + 1 end
    end
    call('HSET', key, hook, version .. ' ' .. (id == '' and '-' or id))
  end
end
local h = call('HMGET', tag .. 'app:' .. app, 'epoch', 'version')
if not missed and h[1] == ARGV[3] and h[2] == ARGV[4] then call('SREM', changed, app) end
if new > 0 then tell() end
return { 'ok', new }
