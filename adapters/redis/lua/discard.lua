-- discard.lua moves a reply to the dead letters, frees its place, and accepts an
-- event that reports it, if the reply asked for one.
--
-- KEYS[1]   the reply (hash)
-- KEYS[2]   its place's outbox (list)
-- KEYS[3]   out (zset)
-- KEYS[4]   done (zset)
-- KEYS[5]   pending (hash)
-- KEYS[6]   sending (hash)
-- KEYS[7]   dead (zset)
-- KEYS[8]   the dead letter (hash)
-- KEYS[9]   ready (zset)
-- KEYS[10]  the event that reports it (hash)
-- KEYS[11]  its lane (list)
-- ARGV[1]   token
-- ARGV[2]   id of the reply
-- ARGV[3]   place
-- ARGV[4]   now, Unix milliseconds
-- ARGV[5]   platform
-- ARGV[6]   cause
-- ARGV[7]   record id of the event
-- ARGV[8]   its lane
-- ARGV[9]   event, JSON; empty if nobody asked
--
-- Returns "ok" or "lost".
if redis.call("ZSCORE", KEYS[4], "discard " .. ARGV[1]) then
  return "ok"
end
local reply = redis.call("HMGET", KEYS[1], "token", "value", "tries")
if reply[1] ~= ARGV[1] then
  return "lost"
end
redis.call("HSET", KEYS[8], "kind", "reply", "value", reply[2],
  "tries", reply[3], "cause", ARGV[6], "at", ARGV[4])
redis.call("ZADD", KEYS[7], ARGV[4], ARGV[2])

if ARGV[9] ~= "" then
  redis.call("HSET", KEYS[10], "value", ARGV[9], "person", "", "at", ARGV[4])
  redis.call("RPUSH", KEYS[11], ARGV[7])
  redis.call("ZADD", KEYS[9], "NX", ARGV[4], ARGV[8])
  redis.call("HINCRBY", KEYS[5], "events", 1)
end

redis.call("ZADD", KEYS[4], ARGV[4], "discard " .. ARGV[1])
redis.call("DEL", KEYS[1])
redis.call("LREM", KEYS[2], 1, ARGV[2])
redis.call("HDEL", KEYS[6], ARGV[1])
redis.call("HINCRBY", KEYS[5], "replies:" .. ARGV[5], -1)
if redis.call("EXISTS", KEYS[2]) == 1 then
  redis.call("ZADD", KEYS[3], ARGV[4], ARGV[3])
else
  redis.call("ZREM", KEYS[3], ARGV[3])
end
return "ok"
