-- postpone.lua leaves a reply at the head of its place until later.
--
-- KEYS[1]  the reply (hash)
-- KEYS[2]  out (zset)
-- KEYS[3]  done (zset)
-- KEYS[4]  sending (hash)
-- KEYS[5]  waiting of its place (hash)
-- ARGV[1]  token
-- ARGV[2]  id of the reply
-- ARGV[3]  place
-- ARGV[4]  now, Unix milliseconds
-- ARGV[5]  when to send it, likewise
-- ARGV[6]  1 if nobody knows how the try ended, so that it stays begun
--
-- Returns "ok" or "lost".
if redis.call("ZSCORE", KEYS[3], "postpone " .. ARGV[1]) then
  return "ok"
end
local reply = redis.call("HMGET", KEYS[1], "token", "key")
if reply[1] ~= ARGV[1] then
  return "lost"
end
redis.call("ZADD", KEYS[3], ARGV[4], "postpone " .. ARGV[1])
redis.call("HDEL", KEYS[1], "token")
redis.call("HDEL", KEYS[4], ARGV[1])
if ARGV[6] ~= "1" then
  redis.call("HDEL", KEYS[1], "begun")
  if reply[2] ~= "" then
    redis.call("HSETNX", KEYS[5], reply[2], ARGV[2])
  end
end
redis.call("ZADD", KEYS[2], ARGV[5], ARGV[3])
return "ok"
