-- retry.lua counts a failure and leaves the event at the head of its lane.
--
-- KEYS[1]  the event (hash)
-- KEYS[2]  ready (zset)
-- KEYS[3]  done (zset)
-- ARGV[1]  token
-- ARGV[2]  lane
-- ARGV[3]  now, Unix milliseconds
-- ARGV[4]  when to try again, likewise
-- ARGV[5]  cause
--
-- Returns "ok" or "lost".
if redis.call("ZSCORE", KEYS[3], "retry " .. ARGV[1]) then
  return "ok"
end
if redis.call("HGET", KEYS[1], "token") ~= ARGV[1] then
  return "lost"
end
redis.call("ZADD", KEYS[3], ARGV[3], "retry " .. ARGV[1])
redis.call("HINCRBY", KEYS[1], "failures", 1)
redis.call("HSET", KEYS[1], "cause", ARGV[5])
redis.call("HDEL", KEYS[1], "token")
redis.call("ZADD", KEYS[2], ARGV[4], ARGV[2])
return "ok"
