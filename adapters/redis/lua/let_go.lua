-- let_go.lua gives back what an owner holds.
--
-- KEYS[1]  the hold (hash)
-- KEYS[2]  holds (zset)
-- ARGV[1]  name
-- ARGV[2]  owner
--
-- Returns 1, or 0 if the owner does not hold it.
if redis.call("HGET", KEYS[1], "owner") ~= ARGV[2] then
  return 0
end
redis.call("DEL", KEYS[1])
redis.call("ZREM", KEYS[2], ARGV[1])
return 1
