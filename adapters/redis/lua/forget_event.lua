-- forget_event.lua puts another event into the place of one that waits in its
-- lane. The lane, and whoever is behind it, stay as they are.
--
-- KEYS[1]  the event (hash)
-- KEYS[2]  ready (zset)
-- ARGV[1]  its lane
-- ARGV[2]  now, Unix milliseconds
-- ARGV[3]  the event that was read, JSON
-- ARGV[4]  the other, likewise
--
-- Returns 1; 0 if it is gone or another by now; 2 if somebody has it in hand.
if redis.call("HGET", KEYS[1], "value") ~= ARGV[3] then
  return 0
end
local leased = redis.call("HEXISTS", KEYS[1], "token") == 1
if leased and tonumber(redis.call("ZSCORE", KEYS[2], ARGV[1]) or 0) > tonumber(ARGV[2]) then
  return 2
end
redis.call("HSET", KEYS[1], "value", ARGV[4])
return 1
