-- number.lua reserves a ticket number for an event: the same one every time.
--
-- KEYS[1]  the event (hash)
-- KEYS[2]  number (string)
-- ARGV[1]  token
--
-- Returns the number as a string, or nil if the lease was lost.
local event = redis.call("HMGET", KEYS[1], "token", "number")
if event[1] ~= ARGV[1] then
  return false
end
if event[2] then
  return event[2]
end
redis.call("INCR", KEYS[2])
local number = redis.call("GET", KEYS[2]) -- a string, so that no digit is lost
redis.call("HSET", KEYS[1], "number", number)
return number
