-- fire.lua turns timers that are due into events, each at the end of its lane.
--
-- KEYS[1]  timers (zset)
-- KEYS[2]  ready (zset)
-- KEYS[3]  pending (hash)
-- ARGV[1]  key prefix
-- ARGV[2]  now, Unix milliseconds
-- ARGV[3]  how many at most
--
-- Returns how many.
local names = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", ARGV[2], "LIMIT", 0, ARGV[3])
for _, name in ipairs(names) do
  local key = ARGV[1] .. "timer:" .. name
  local timer = redis.call("HMGET", key, "id", "lane", "person", "value")
  redis.call("HSET", ARGV[1] .. "event:" .. timer[1], "value", timer[4], "person", timer[3], "at", ARGV[2])
  redis.call("RPUSH", ARGV[1] .. "lane:" .. timer[2], timer[1])
  redis.call("ZADD", KEYS[2], "NX", ARGV[2], timer[2])
  redis.call("HINCRBY", KEYS[3], "events", 1)
  redis.call("DEL", key)
  redis.call("ZREM", KEYS[1], name)
end
return #names
