-- queue.lua lists the open tickets of a desk: first what is due by now, then by
-- rank.
--
-- KEYS[1]  due tickets of the desk (zset)
-- KEYS[2]  open tickets of the desk by rank (zset)
-- ARGV[1]  now, Unix milliseconds
-- ARGV[2]  how many are wanted, at least 1
-- ARGV[3]  key prefix
--
-- Returns how many are open in all, then the tickets, JSON.
local limit = tonumber(ARGV[2])
local answer = { redis.call("ZCARD", KEYS[2]) }
local listed = {}
local function list(members)
  for _, member in ipairs(members) do
    local number = string.match(member, "%d+$")
    if #answer <= limit and not listed[number] then
      listed[number] = true
      local ticket = ARGV[3] .. "ticket:T-" .. string.match(number, "^0*(%d+)")
      table.insert(answer, redis.call("HGET", ticket, "value"))
    end
  end
end
list(redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", ARGV[1], "LIMIT", 0, limit))
list(redis.call("ZRANGE", KEYS[2], 0, limit - 1))
return answer
