-- tickets.lua lists the tickets of an index.
--
-- KEYS[1]  index (zset)
-- ARGV[1]  ZRANGE for lowest score first, ZREVRANGE for highest
-- ARGV[2]  how many are wanted, at least 1
-- ARGV[3]  key prefix
--
-- Returns the tickets, JSON.
local tickets = {}
for i, member in ipairs(redis.call(ARGV[1], KEYS[1], 0, tonumber(ARGV[2]) - 1)) do
  local ticket = ARGV[3] .. "ticket:T-" .. string.match(member, "^0*(%d+)")
  tickets[i] = redis.call("HGET", ticket, "value")
end
return tickets
