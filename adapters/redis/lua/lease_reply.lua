-- lease_reply.lua takes the place on a platform that has waited longest and
-- hides it until the lease runs out.
--
-- KEYS[1]  out (zset)
-- ARGV[1]  key prefix
-- ARGV[2]  now, Unix milliseconds
-- ARGV[3]  when the lease runs out, likewise
-- ARGV[4]  token
--
-- Returns nil if there is no reply, else
-- { reply id, reply JSON, number of this try, receipt JSON or nil }.
local place = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", ARGV[2], "LIMIT", 0, 1)[1]
if not place then
  return false
end
local id = redis.call("LINDEX", ARGV[1] .. "outbox:" .. place, 0)
local key = ARGV[1] .. "reply:" .. id
local reply = redis.call("HMGET", key, "value", "key")
local receipt = redis.call("GET", ARGV[1] .. "receipt:" .. reply[2])

redis.call("HSET", key, "token", ARGV[4])
redis.call("ZADD", KEYS[1], ARGV[3], place)
return { id, reply[1], redis.call("HINCRBY", key, "tries", 1), receipt }
