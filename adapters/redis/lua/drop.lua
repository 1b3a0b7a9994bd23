-- drop.lua forgets a dead letter.
--
-- KEYS[1]  dead (zset)
-- KEYS[2]  the dead letter (hash)
-- ARGV[1]  its id
-- ARGV[2]  key prefix
-- then     deeds for the audit, JSON
--
-- Returns 1, or 0 if there is no such dead letter.
redis.call("ZREM", KEYS[1], ARGV[1])
if redis.call("DEL", KEYS[2]) == 0 then
  return 0
end
for i = 3, #ARGV do
  audit(ARGV[2], ARGV[i])
end
return 1
