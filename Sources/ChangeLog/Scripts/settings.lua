-- settings(field, value, …): what all daemons of a store have in common. The first one to come writes, all the others read.
--
-- KEYS: the settings hash. Runs alone, without common.lua.
for i = 1, #ARGV, 2 do redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1]) end
return redis.call('HGETALL', KEYS[1])
