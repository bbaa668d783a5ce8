-- news(life, most): what is to be said in the states of applications, the oldest first, of so many operations.
--
-- KEYS: server, prefix. Settles what has fallen due before, so that somebody does who always comes. Answers in how many milliseconds it is to
-- be called again ('' for when there is a hint), and application, id and entries of each operation. They stay until told.lua is called.
settle_due()
local items = {}
for _, member in ipairs(call('ZRANGEBYSCORE', news, '-inf', digits(now), 'LIMIT', 0, ARGV[2])) do
  local app, id = match(member, '^(%S+) (%S+)$')
  local key = news_key(app, id)
  if call('EXISTS', key) == 0 then
    local op = load(app, id)
    if op and call('HEXISTS', op.key, 'untold') == 1 then tell(op) else call('ZREM', news, member) end
  end
  local entries = call('LRANGE', key, 0, -1)
  if #entries > 0 then items[#items + 1] = { app, id, entries } end
end
local next_due, next_news = time_to(due), time_to(news)
return { 'ok', next_due == '' and next_news or next_news == '' and next_due or digits(math.min(next_due, next_news)), items }
