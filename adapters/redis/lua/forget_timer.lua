-- forget_timer.lua takes a timer away, unless it was set anew since it was read.
--
-- KEYS[1]  the timer (hash)
-- KEYS[2]  timers (zset)
-- ARGV[1]  its name
-- ARGV[2]  its event as it was read, JSON
--
-- Returns 1, or 0 if it is another by now.
if redis.call("HGET", KEYS[1], "value") ~= ARGV[2] then
  return 0
end
redis.call("ZREM", KEYS[2], ARGV[1])
return redis.call("DEL", KEYS[1])
