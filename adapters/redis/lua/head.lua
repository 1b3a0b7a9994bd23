-- head.lua reserves for an event the open ticket of a desk that is worked next,
-- as the nth of the event's. The one it reserved before as that stays its own
-- while it is open.
--
-- KEYS[1]  the event (hash)
-- KEYS[2]  due tickets of the desk (zset)
-- KEYS[3]  open tickets of the desk by rank (zset)
-- ARGV[1]  token
-- ARGV[2]  id of the event's record
-- ARGV[3]  desk
-- ARGV[4]  now, Unix milliseconds
-- ARGV[5]  key prefix
-- ARGV[6]  nth, from 1
--
-- Returns the ticket's number, padded as in KEYS[3]; "" if no ticket is left;
-- nil if the lease was lost.
if redis.call("HGET", KEYS[1], "token") ~= ARGV[1] then
  return false
end
-- The first needs no number, as before there were others.
local nth = ARGV[6] == "1" and "" or "/" .. ARGV[6]
local field = "head:" .. ARGV[3] .. nth
local mine = redis.call("HGET", KEYS[1], field)
if mine and redis.call("ZSCORE", KEYS[3], mine) then
  return mine
end

-- reserve takes the first free ticket of an index. A reservation counts while
-- ticket and event both name each other, so it lapses with the event.
local function reserve(index, last)
  local from, page = 0, 32
  repeat
    local members = redis.call("ZRANGEBYSCORE", index, "-inf", last, "LIMIT", from, page)
    for _, member in ipairs(members) do
      local number = string.match(member, "%d+$")
      local ticket = ARGV[5] .. "ticket:T-" .. string.match(number, "^0*(%d+)")
      local event, as = string.match(redis.call("HGET", ticket, "reserved") or "", "^([^/]*)(.*)$")
      if redis.call("HGET", ARGV[5] .. "event:" .. event, "head:" .. ARGV[3] .. as) ~= number then
        redis.call("HSET", ticket, "reserved", ARGV[2] .. nth)
        redis.call("HSET", KEYS[1], field, number)
        return number
      end
    end
    from = from + page
  until #members < page
end
return reserve(KEYS[2], ARGV[4]) or reserve(KEYS[3], "+inf") or ""
