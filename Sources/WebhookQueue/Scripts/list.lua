-- list(life, webhook, status, since, until, most): deliveries of the partition, the newest first.
--
-- KEYS: server. Webhook (its id alone) and status '' for all; times in milliseconds. Looks at so many in a call. Answers the time from which on
-- it has looked at all, and the deliveries.
local found, at = {}, tonumber(ARGV[4])
local scanned = call('ZRANGE', index, ARGV[5], ARGV[4], 'BYSCORE', 'REV', 'LIMIT', 0, most_scanned, 'WITHSCORES')
for i = 1, #scanned, 2 do
  local h = call('HMGET', key_of(scanned[i]), 'hook', 'status')
  if h[1] and (ARGV[2] == '' or match(h[1], '^(.*)~') == ARGV[2]) and (ARGV[3] == '' or h[2] == ARGV[3]) then
    if #found >= tonumber(ARGV[6]) then
      at = tonumber(scanned[i + 1]) + 1
      break
    end
    found[#found + 1] = document(scanned[i])
  end
  if i + 1 >= 2 * most_scanned then at = tonumber(scanned[i + 1]) end
end
return { 'ok', digits(at), found }
