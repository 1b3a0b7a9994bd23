-- crew.lua lists who is on call at a desk, the longest first.
--
-- KEYS[1]  persons on call (zset)
-- ARGV[1]  key prefix
--
-- Returns for each the person, JSON, and how many tickets they have to work on.
local answer = {}
for _, id in ipairs(redis.call("ZRANGE", KEYS[1], 0, -1)) do
  table.insert(answer, redis.call("HGET", ARGV[1] .. "person:" .. id, "value"))
  table.insert(answer, redis.call("ZCARD", ARGV[1] .. "load:" .. id))
end
return answer
