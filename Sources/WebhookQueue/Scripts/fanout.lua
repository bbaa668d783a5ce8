-- fanout(life, cursor, next, number of payloads, then name and bytes of each, then per delivery: id, webhook, event, type, application,
-- status, payload): the events behind the cursor become deliveries.
--
-- KEYS: server. Only by whoever read from this cursor, so that no event is passed over or told twice; with the cursor '' for events that are
-- told again, where the cursor stays. Answers how many deliveries are new.
if ARGV[2] ~= '' then
  if (call('GET', cursor_key) or '0-0') ~= ARGV[2] then return { 'stale' } end
  call('SET', cursor_key, ARGV[3])
  call('XTRIM', events, 'MINID', '~', digits(now - keep_ms))
end
local first = 5 + 2 * tonumber(ARGV[4])
for a = 5, first - 1, 2 do keep_payload(ARGV[a], ARGV[a + 1]) end
local new = 0
for a = first, #ARGV, 7 do
  if create(ARGV[a], ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], ARGV[a + 4], ARGV[a + 5], ARGV[a + 6]) then new = new + 1 end
end
if new > 0 then tell() end
return { 'ok', new }
