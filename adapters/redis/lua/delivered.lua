-- delivered.lua notes where a reply stands and frees its place.
--
-- KEYS[1]  the reply (hash)
-- KEYS[2]  its place's outbox (list)
-- KEYS[3]  out (zset)
-- KEYS[4]  done (zset)
-- KEYS[5]  pending (hash)
-- KEYS[6]  receipt of its Key (string)
-- ARGV[1]  token
-- ARGV[2]  id of the reply
-- ARGV[3]  place
-- ARGV[4]  now, Unix milliseconds
-- ARGV[5]  receipt, JSON; empty if nothing stands there any more
--
-- Returns "ok" or "lost".
if redis.call("ZSCORE", KEYS[4], "delivered " .. ARGV[1]) then
  return "ok"
end
if redis.call("HGET", KEYS[1], "token") ~= ARGV[1] then
  return "lost"
end
if ARGV[5] == "" then
  redis.call("DEL", KEYS[6])
else
  redis.call("SET", KEYS[6], ARGV[5])
end
redis.call("ZADD", KEYS[4], ARGV[4], "delivered " .. ARGV[1])
redis.call("DEL", KEYS[1])
redis.call("LREM", KEYS[2], 1, ARGV[2])
redis.call("HINCRBY", KEYS[5], "replies", -1)
if redis.call("EXISTS", KEYS[2]) == 1 then
  redis.call("ZADD", KEYS[3], ARGV[4], ARGV[3])
else
  redis.call("ZREM", KEYS[3], ARGV[3])
end
return "ok"
