-- Goes in front of scripts of a worker, behind common.lua. ARGV: life, application, id, token, verb, …
local app, id, token, verb = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local op = find(app, id)
if not op then return absent(app, id) end
-- The lease was ended by this very token before: a repeat is answered as the first one was.
if op.token ~= token then
  local ended, done, rest = match(op.ended, '^(%S+) (%S+) (.*)$')
  if ended == token and done == verb then return { 'known', rest, document(op) } end
  return { 'lease-lost' }
end
