-- forget_receipt.lua has a message of ours taken away, or forgets where it
-- stands.
--
-- KEYS[1]  receipt of its Key (string)
-- KEYS[2]  receipts (zset)
-- KEYS[3]  what stands at the message (string)
-- KEYS[4]  pending (hash)
-- KEYS[5]  the reply that takes it away (hash)
-- ARGV[1]  Key
-- ARGV[2]  receipt that was read, JSON
-- ARGV[3]  key prefix
-- ARGV[4]  now, Unix milliseconds
-- ARGV[5]  empty: just forget it; else the reply: eight values as finish.lua takes
--          them
--
-- Returns 1, or 0 if another message stands there by now, or it is being taken
-- away.
if redis.call("GET", KEYS[1]) ~= ARGV[2] then
  return 0
end
if ARGV[5] == "" then
  redis.call("DEL", KEYS[1], KEYS[3])
  redis.call("ZREM", KEYS[2], ARGV[1])
  return 1
end
if redis.call("EXISTS", KEYS[5]) == 1 then
  return 0
end
local id, place, platform = ARGV[5], ARGV[6], ARGV[7]
redis.call("HSET", KEYS[5], "value", ARGV[11], "key", ARGV[8], "deed", ARGV[9], "like", ARGV[10], "at", ARGV[4])
redis.call("HSET", ARGV[3] .. "waiting:" .. place, ARGV[8], id)
redis.call("RPUSH", ARGV[3] .. "outbox:" .. place, id)
redis.call("ZADD", ARGV[3] .. "out:" .. platform, "NX", ARGV[4], place)
redis.call("HINCRBY", KEYS[4], "replies:" .. platform, 1)
return 1
