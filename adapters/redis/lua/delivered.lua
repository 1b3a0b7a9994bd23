-- delivered.lua notes where a reply stands, frees its place, and accepts an event
-- that reports it, if the reply asked for one.
--
-- KEYS[1]   the reply (hash)
-- KEYS[2]   its place's outbox (list)
-- KEYS[3]   out (zset)
-- KEYS[4]   done (zset)
-- KEYS[5]   pending (hash)
-- KEYS[6]   sending (hash)
-- KEYS[7]   receipt of its Key (string)
-- KEYS[8]   receipts (zset)
-- KEYS[9]   what stands at the message (string)
-- KEYS[10]  ready (zset)
-- KEYS[11]  the event that reports it (hash)
-- KEYS[12]  its lane (list)
-- ARGV[1]   token
-- ARGV[2]   id of the reply
-- ARGV[3]   place
-- ARGV[4]   now, Unix milliseconds
-- ARGV[5]   platform
-- ARGV[6]   Key
-- ARGV[7]   receipt, JSON; empty if nothing stands there any more
-- ARGV[8]   what stands at the message, JSON
-- ARGV[9]   key prefix
-- ARGV[10]  record id of the event
-- ARGV[11]  its lane
-- ARGV[12]  event, JSON; empty if nobody asked
--
-- Returns "ok" or "lost".
if redis.call("ZSCORE", KEYS[4], "delivered " .. ARGV[1]) then
  return "ok"
end
if redis.call("HGET", KEYS[1], "token") ~= ARGV[1] then
  return "lost"
end

local before = redis.call("GET", KEYS[7])
if before then
  local place = cjson.decode(before)
  local message = place.message
  place = place.place
  redis.call("DEL", ARGV[9] .. "posted:" .. place.platform .. ":" .. place.workspace .. ":" .. place.channel .. "/" .. message)
end
if ARGV[7] == "" then
  redis.call("DEL", KEYS[7])
  redis.call("ZREM", KEYS[8], ARGV[6])
else
  redis.call("SET", KEYS[7], ARGV[7])
  redis.call("ZADD", KEYS[8], ARGV[4], ARGV[6])
  redis.call("SET", KEYS[9], ARGV[8])
end

if ARGV[12] ~= "" then
  redis.call("HSET", KEYS[11], "value", ARGV[12], "person", "", "at", ARGV[4])
  redis.call("RPUSH", KEYS[12], ARGV[10])
  redis.call("ZADD", KEYS[10], "NX", ARGV[4], ARGV[11])
  redis.call("HINCRBY", KEYS[5], "events", 1)
end

redis.call("ZADD", KEYS[4], ARGV[4], "delivered " .. ARGV[1])
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
