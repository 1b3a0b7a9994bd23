-- forget_reply.lua puts another reply into the place of one that waits. The
-- outbox stays in its order.
--
-- KEYS[1]  the reply (hash)
-- KEYS[2]  sending (hash)
-- KEYS[3]  out (zset)
-- ARGV[1]  its place
-- ARGV[2]  now, Unix milliseconds
-- ARGV[3]  the reply that was read, JSON
-- ARGV[4]  the other, likewise
-- ARGV[5]  its Deed
-- ARGV[6]  what it must share with another to take its place
--
-- Returns 1; 0 if it is gone or another by now; 2 if somebody has it in hand.
local reply = redis.call("HMGET", KEYS[1], "value", "token")
if reply[1] ~= ARGV[3] then
  return 0
end
if reply[2] and redis.call("HEXISTS", KEYS[2], reply[2]) == 1
    and tonumber(redis.call("ZSCORE", KEYS[3], ARGV[1]) or 0) > tonumber(ARGV[2]) then
  return 2
end
redis.call("HSET", KEYS[1], "value", ARGV[4], "deed", ARGV[5], "like", ARGV[6])
return 1
