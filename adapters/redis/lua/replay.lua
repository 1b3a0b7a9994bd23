-- replay.lua puts a dead letter back at the end of its lane or place.
--
-- KEYS[1]  dead (zset)
-- KEYS[2]  the dead letter (hash)
-- KEYS[3]  pending (hash)
-- KEYS[4]  the event or reply (hash)
-- KEYS[5]  its lane or outbox (list)
-- KEYS[6]  ready or out (zset)
-- KEYS[7]  waiting of the reply's place (hash)
-- ARGV[1]  id of the dead letter
-- ARGV[2]  id of the event's new record or of the reply
-- ARGV[3]  lane or place
-- ARGV[4]  now, Unix milliseconds
-- ARGV[5]  field of pending that counts it
-- ARGV[6]  Key of the reply; empty if it has none
-- ARGV[7]  key prefix
-- ARGV[8]  number of deeds for the audit; for each: JSON
-- then     fields and values of KEYS[4]
--
-- Returns 1, or 0 if there is no such dead letter.
if redis.call("EXISTS", KEYS[2]) == 0 then
  return 0
end
local deeds = tonumber(ARGV[8])
redis.call("ZREM", KEYS[1], ARGV[1])
redis.call("DEL", KEYS[2])
redis.call("HSET", KEYS[4], unpack(ARGV, 9 + deeds))
redis.call("RPUSH", KEYS[5], ARGV[2])
redis.call("ZADD", KEYS[6], "NX", ARGV[4], ARGV[3])
redis.call("HINCRBY", KEYS[3], ARGV[5], 1)
if ARGV[6] ~= "" then
  redis.call("HSET", KEYS[7], ARGV[6], ARGV[2])
end
for i = 9, 8 + deeds do
  audit(ARGV[7], ARGV[i])
end
return 1
