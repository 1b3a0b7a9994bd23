-- list.lua puts a ticket into indexes, unless it was saved since it was read: it
-- stands in them then.
--
-- KEYS[1]  ticket (hash)
-- ARGV[1]  version that was read
-- ARGV[2…] for each index (zset): key, score, member
--
-- Returns 1, or 0 if it was saved since.
if redis.call("HGET", KEYS[1], "version") ~= ARGV[1] then
  return 0
end
for i = 2, #ARGV, 3 do
  redis.call("ZADD", ARGV[i], ARGV[i + 1], ARGV[i + 2])
  redis.call("HSET", KEYS[1], "in:" .. ARGV[i], ARGV[i + 2])
end
return 1
