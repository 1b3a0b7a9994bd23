-- drop.lua forgets a dead letter.
--
-- KEYS[1]  dead (zset)
-- KEYS[2]  the dead letter (hash)
-- ARGV[1]  its id
--
-- Returns 1, or 0 if there is no such dead letter.
redis.call("ZREM", KEYS[1], ARGV[1])
return redis.call("DEL", KEYS[2])
