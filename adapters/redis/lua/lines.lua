-- lines.lua lists lines of the ledger, newest first.
--
-- KEYS[1]  index (zset)
-- ARGV[1]  since when, Unix milliseconds or -inf
-- ARGV[2]  how many are wanted
-- ARGV[3]  key prefix
--
-- Returns how many there are since then, then version and value of each.
local answer = { redis.call("ZCOUNT", KEYS[1], ARGV[1], "+inf") }
if ARGV[2] == "0" then
  return answer
end
for _, id in ipairs(redis.call("ZREVRANGEBYSCORE", KEYS[1], "+inf", ARGV[1], "LIMIT", 0, ARGV[2])) do
  local line = redis.call("HMGET", ARGV[3] .. "line:" .. id, "version", "value")
  table.insert(answer, line[1])
  table.insert(answer, line[2])
end
return answer
