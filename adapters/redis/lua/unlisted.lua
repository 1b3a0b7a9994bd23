-- unlisted.lua finds live tickets that stand in no index of their desk's: an
-- older version stored them.
--
-- KEYS[1]  live (zset), of which the members are
-- ARGV[1]  key prefix
-- ARGV[2…] members
--
-- Returns for each of those tickets its version, then the ticket, JSON.
local answer = {}
for i = 2, #ARGV do
  local key = ARGV[1] .. "ticket:T-" .. string.match(ARGV[i], "^0*(%d+)")
  local listed = false
  for _, field in ipairs(redis.call("HKEYS", key)) do
    listed = listed or string.find(field, "in:" .. ARGV[1] .. "live:", 1, true) == 1
  end
  if not listed then
    local found = redis.call("HMGET", key, "version", "value")
    table.insert(answer, found[1])
    table.insert(answer, found[2])
  end
end
return answer
