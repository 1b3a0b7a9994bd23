-- unlease_reply.lua takes back the lease of a reply that never reached the
-- sender, so that the reply does not count as begun.
--
-- KEYS[1]  out (zset)
-- KEYS[2]  sending (hash)
-- ARGV[1]  key prefix
-- ARGV[2]  now, Unix milliseconds
-- ARGV[3]  token
--
-- Returns 1, or 0 if there is no such lease.
local place = redis.call("HGET", KEYS[2], ARGV[3])
if not place then
  return 0
end
local id = redis.call("LINDEX", ARGV[1] .. "outbox:" .. place, 0)
local key = ARGV[1] .. "reply:" .. id
redis.call("HDEL", key, "token")
redis.call("HINCRBY", key, "tries", -1)
if redis.call("HINCRBY", key, "begun", -1) == 0 then
  redis.call("HDEL", key, "begun")
  local name = redis.call("HGET", key, "key")
  if name ~= "" then
    redis.call("HSETNX", ARGV[1] .. "waiting:" .. place, name, id)
  end
end
redis.call("HDEL", KEYS[2], ARGV[3])
redis.call("ZADD", KEYS[1], ARGV[2], place)
return 1
