-- versions(life, applications…): which version each has, and which one was told to which webhook last.
--
-- KEYS: server. Answers per application: its name, epoch, version, when that was published, and then per webhook its name, the version, and
-- whether that is still on its way. What is gone is forgotten.
local answers = { 'ok' }
for i = 2, #ARGV do
  local app = ARGV[i]
  local h = call('HMGET', tag .. 'app:' .. app, 'epoch', 'version', 'published')
  if not h[1] then
    call('DEL', handed_key(app))
    call('SREM', changed, app)
  else
    local answer = { app, h[1], h[2], h[3] or '0' }
    local handed = call('HGETALL', handed_key(app))
    for f = 1, #handed, 2 do
      local version, id = match(handed[f + 1], '^(%S+) (%S+)$')
      local status = call('HGET', key_of(id), 'status')
      answer[#answer + 1] = handed[f]
      answer[#answer + 1] = version
      answer[#answer + 1] = status and not over[status] and '1' or '0'
    end
    answers[#answers + 1] = answer
  end
end
return answers
