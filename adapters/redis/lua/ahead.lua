-- ahead.lua counts the open tickets of a desk that are worked before a given
-- one, which need not be stored. It looks at every ticket that is due.
--
-- KEYS[1]  due tickets of the desk (zset)
-- KEYS[2]  open tickets of the desk by rank (zset)
-- ARGV[1]  now, Unix milliseconds
-- ARGV[2]  the ticket's due time, likewise; empty if it is not due by now
-- ARGV[3]  its rank
-- ARGV[4]  its member in KEYS[1]
-- ARGV[5]  its member in KEYS[2]
--
-- Returns the count.
local isDue = ARGV[2] ~= ""
local last = isDue and ARGV[2] or ARGV[1]
local due = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", last, "WITHSCORES")
local ahead = 0
for i = 1, #due, 2 do
  local member, score = due[i], due[i + 1]
  if string.match(member, "%d+$") ~= ARGV[5] then
    if isDue then
      if tonumber(score) < tonumber(last) or member < ARGV[4] then
        ahead = ahead + 1
      end
    elseif member > ARGV[4] then -- those of lower rank are counted below
      ahead = ahead + 1
    end
  end
end
if isDue then
  return ahead
end
ahead = ahead + redis.call("ZCOUNT", KEYS[2], "-inf", "(" .. ARGV[3])
local own = redis.call("ZSCORE", KEYS[2], ARGV[5])
if own and tonumber(own) < tonumber(ARGV[3]) then
  ahead = ahead - 1
end
for _, member in ipairs(redis.call("ZRANGEBYSCORE", KEYS[2], ARGV[3], ARGV[3])) do
  if member < ARGV[5] then
    ahead = ahead + 1
  end
end
return ahead
