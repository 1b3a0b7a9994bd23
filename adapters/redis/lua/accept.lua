-- accept.lua stores an event at the end of its lane, once.
--
-- KEYS[1]  seen (zset)
-- KEYS[2]  the event (hash)
-- KEYS[3]  its lane (list)
-- KEYS[4]  ready (zset)
-- KEYS[5]  pending (hash)
-- ARGV[1]  identity of the event
-- ARGV[2]  now, Unix milliseconds
-- ARGV[3]  when the oldest event still remembered came, likewise
-- ARGV[4]  id of the event's record
-- ARGV[5]  lane
-- ARGV[6]  event, JSON
-- ARGV[7]  person who sent it
--
-- Returns 1 if the event is new, 0 if it came before.
local came = redis.call("ZSCORE", KEYS[1], ARGV[1])
if came and tonumber(came) >= tonumber(ARGV[3]) then
  return 0
end
-- A few at a time: twice what comes in, so the set does shrink.
for _, old in ipairs(redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", "(" .. ARGV[3], "LIMIT", 0, 2)) do
  redis.call("ZREM", KEYS[1], old)
end
redis.call("ZADD", KEYS[1], ARGV[2], ARGV[1])
redis.call("HSET", KEYS[2], "value", ARGV[6], "person", ARGV[7], "at", ARGV[2])
redis.call("RPUSH", KEYS[3], ARGV[4])
redis.call("ZADD", KEYS[4], "NX", ARGV[2], ARGV[5])
redis.call("HINCRBY", KEYS[5], "events", 1)
return 1
