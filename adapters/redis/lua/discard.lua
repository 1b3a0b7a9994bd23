-- discard.lua moves a reply to the dead letters and frees its place.
--
-- KEYS[1]  the reply (hash)
-- KEYS[2]  its place's outbox (list)
-- KEYS[3]  out (zset)
-- KEYS[4]  done (zset)
-- KEYS[5]  pending (hash)
-- KEYS[6]  dead (zset)
-- KEYS[7]  the dead letter (hash)
-- ARGV[1]  token
-- ARGV[2]  id of the reply
-- ARGV[3]  place
-- ARGV[4]  now, Unix milliseconds
-- ARGV[5]  cause
--
-- Returns "ok" or "lost".
if redis.call("ZSCORE", KEYS[4], "discard " .. ARGV[1]) then
  return "ok"
end
local reply = redis.call("HMGET", KEYS[1], "token", "value", "tries")
if reply[1] ~= ARGV[1] then
  return "lost"
end
redis.call("HSET", KEYS[7], "value", reply[2], "tries", reply[3], "cause", ARGV[5], "at", ARGV[4])
redis.call("ZADD", KEYS[6], ARGV[4], ARGV[2])
redis.call("ZADD", KEYS[4], ARGV[4], "discard " .. ARGV[1])
redis.call("DEL", KEYS[1])
redis.call("LREM", KEYS[2], 1, ARGV[2])
redis.call("HINCRBY", KEYS[5], "replies", -1)
if redis.call("EXISTS", KEYS[2]) == 1 then
  redis.call("ZADD", KEYS[3], ARGV[4], ARGV[3])
else
  redis.call("ZREM", KEYS[3], ARGV[3])
end
return "ok"
