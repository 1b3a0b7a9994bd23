-- hold.lua takes or keeps what only one may hold.
--
-- KEYS[1]  the hold (hash)
-- KEYS[2]  holds (zset)
-- KEYS[3]  fence (string)
-- ARGV[1]  name
-- ARGV[2]  owner
-- ARGV[3]  now, Unix milliseconds
-- ARGV[4]  until when, likewise
--
-- Returns the fence as a string, or nil if someone else holds it.
local hold = redis.call("HMGET", KEYS[1], "owner", "fence")
local held = tonumber(redis.call("ZSCORE", KEYS[2], ARGV[1]) or 0) > tonumber(ARGV[3])
if held and hold[1] ~= ARGV[2] then
  return false
end
local fence = hold[2]
if hold[1] ~= ARGV[2] then
  redis.call("INCR", KEYS[3])
  fence = redis.call("GET", KEYS[3]) -- a string, so that no digit is lost
end
redis.call("HSET", KEYS[1], "owner", ARGV[2], "fence", fence)
redis.call("ZADD", KEYS[2], ARGV[4], ARGV[1])
return fence
