-- marked.lua lists the places of a platform that were marked, newest first.
--
-- KEYS[1]  its marks (zset)
-- ARGV[1]  since when, Unix milliseconds
-- ARGV[2]  how many at most
--
-- Returns the places.
return redis.call("ZREVRANGEBYSCORE", KEYS[1], "+inf", ARGV[1], "LIMIT", 0, ARGV[2])
