-- some.lua lists the tickets of an index between two scores, lowest first.
--
-- KEYS[1]  index (zset)
-- ARGV[1]  lowest score, as ZRANGEBYSCORE takes it
-- ARGV[2]  highest score, likewise
-- ARGV[3]  how many are wanted
-- ARGV[4]  which are counted: "all" of the index, or "these" between the scores
-- ARGV[5]  key prefix
--
-- Returns the count, then the tickets, JSON.
local answer = { ARGV[4] == "all" and redis.call("ZCARD", KEYS[1]) or redis.call("ZCOUNT", KEYS[1], ARGV[1], ARGV[2]) }
if ARGV[3] == "0" then
  return answer
end
for _, member in ipairs(redis.call("ZRANGEBYSCORE", KEYS[1], ARGV[1], ARGV[2], "LIMIT", 0, ARGV[3])) do
  local ticket = ARGV[5] .. "ticket:T-" .. string.match(member, "^0*(%d+)")
  table.insert(answer, redis.call("HGET", ticket, "value"))
end
return answer
