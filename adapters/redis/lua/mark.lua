-- mark.lua notes places. A mark never goes back in time.
--
-- KEYS[1]   marking (set)
-- KEYS[2…]  the marks of each place's platform (zset)
-- ARGV[1]   now, Unix milliseconds
-- ARGV[2]   marks older than this go, likewise
-- then      for each of KEYS[2…]: the platform, the place
--
-- Returns how many places are new.
local fresh = 0
for i = 2, #KEYS do
  local platform, place = ARGV[2 * i - 1], ARGV[2 * i]
  -- A few at a time: twice what comes in, so the set does shrink.
  for _, old in ipairs(redis.call("ZRANGEBYSCORE", KEYS[i], "-inf", "(" .. ARGV[2], "LIMIT", 0, 2)) do
    redis.call("ZREM", KEYS[i], old)
  end
  fresh = fresh + redis.call("ZADD", KEYS[i], "GT", ARGV[1], place)
  redis.call("SADD", KEYS[1], platform)
end
return fresh
