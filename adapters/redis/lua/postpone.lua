-- postpone.lua leaves a reply at the head of its place until later.
--
-- KEYS[1]  the reply (hash)
-- KEYS[2]  out (zset)
-- KEYS[3]  done (zset)
-- ARGV[1]  token
-- ARGV[2]  place
-- ARGV[3]  now, Unix milliseconds
-- ARGV[4]  when to send it, likewise
--
-- Returns "ok" or "lost".
if redis.call("ZSCORE", KEYS[3], "postpone " .. ARGV[1]) then
  return "ok"
end
if redis.call("HGET", KEYS[1], "token") ~= ARGV[1] then
  return "lost"
end
redis.call("ZADD", KEYS[3], ARGV[3], "postpone " .. ARGV[1])
redis.call("HDEL", KEYS[1], "token")
redis.call("ZADD", KEYS[2], ARGV[4], ARGV[2])
return "ok"
