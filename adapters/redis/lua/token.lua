-- token.lua takes one of a token's uses. One that is used up keeps its place
-- without its value, so that keeping it again brings none of them back.
--
-- KEYS[1]  the token (hash)
-- KEYS[2]  tokens (zset)
-- ARGV[1]  key prefix
-- ARGV[2]  now, Unix milliseconds
--
-- Returns the token, or nil if it has ended, was used up or never kept.
for _, old in ipairs(redis.call("ZRANGEBYSCORE", KEYS[2], "-inf", ARGV[2], "LIMIT", 0, 2)) do
  redis.call("DEL", ARGV[1] .. "token:" .. old)
  redis.call("ZREM", KEYS[2], old)
end
local token = redis.call("HMGET", KEYS[1], "value", "until", "uses")
if not token[1] or tonumber(token[2]) <= tonumber(ARGV[2]) or tonumber(token[3]) < 1 then
  return false
end
if redis.call("HINCRBY", KEYS[1], "uses", -1) == 0 then
  redis.call("HDEL", KEYS[1], "value")
end
return token[1]
