-- keep_token.lua keeps a platform's reply token, once.
--
-- KEYS[1]  the token (hash)
-- KEYS[2]  tokens (zset)
-- ARGV[1]  handle
-- ARGV[2]  token
-- ARGV[3]  how many uses it has
-- ARGV[4]  when it ends, Unix milliseconds
--
-- Returns 1, or 0 if there is one under the handle already.
if redis.call("EXISTS", KEYS[1]) == 1 then
  return 0
end
redis.call("HSET", KEYS[1], "value", ARGV[2], "uses", ARGV[3], "until", ARGV[4])
redis.call("ZADD", KEYS[2], ARGV[4], ARGV[1])
return 1
