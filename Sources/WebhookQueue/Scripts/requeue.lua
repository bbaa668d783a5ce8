-- requeue(life, webhook, since, until, after, all): deliveries of a webhook that did not arrive begin anew; with all '1' those that did, too.
--
-- KEYS: server. Times in milliseconds; `after` how many of them were looked at before. Looks at so many in a call. Answers how many it looked at,
-- and how many begin anew.
local scanned = call('ZRANGE', index, ARGV[3], ARGV[4], 'BYSCORE', 'LIMIT', ARGV[5], most_scanned)
local again = 0
for _, id in ipairs(scanned) do
  local d = load(id)
  if d and d.hook == ARGV[2] and over[d.status] and (d.status ~= 'succeeded' or ARGV[6] == '1')
    and call('EXISTS', payload_key(d.payload)) == 1 then
    wait(d, 'pending', now, 'attempt', 0)
    call('HDEL', key_of(id), 'failing')
    again = again + 1
  end
end
if again > 0 then tell() end
return { 'ok', #scanned, again }
