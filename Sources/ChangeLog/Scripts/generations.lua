-- Goes in front of the scripts that begin generations: recover and lease.
--
-- The server hash keeps the last generations that the partition has left, and those of other primaries that it has followed. By these
-- recover tells a daemon that is late from one that has met another primary. A daemon that has slept through more than as many
-- costs one generation.
local most_former = 32

-- Gives the partition a generation that nobody has met, and remembers the present one and that which the caller has met.
-- Bytes of logs are counted anew in each (see common.lua).
local function begin_generation(key, nonce, met)
  local known = redis.call('HMGET', key, 'generation', 'former')
  local former = {}
  for one in string.gmatch(known[2] or '', '%S+') do
    if one ~= met then former[#former + 1] = one end
  end
  if known[1] and known[1] ~= met then former[#former + 1] = known[1] end
  if met ~= '' then former[#former + 1] = met end
  while #former > most_former do table.remove(former, 1) end
  local t = redis.call('TIME')
  local generation = t[1] .. '.' .. t[2] .. '.' .. nonce
  redis.call('HSET', key, 'generation', generation, 'former', table.concat(former, ' '), 'logbytes', 0)
  return generation
end
