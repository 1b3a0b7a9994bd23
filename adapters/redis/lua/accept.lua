-- accept.lua stores an event at the end of its lane, once.
--
-- KEYS[1]  seen (zset)
-- KEYS[2]  the event (hash)
-- KEYS[3]  its lane (list)
-- KEYS[4]  ready (zset)
-- KEYS[5]  pending (hash)
-- KEYS[6]  done (zset)
-- ARGV[1]  identity of the event
-- ARGV[2]  now, Unix milliseconds
-- ARGV[3]  when the oldest event still remembered came, likewise
-- ARGV[4]  id of the event's record
-- ARGV[5]  lane
-- ARGV[6]  event, JSON
-- ARGV[7]  person who sent it
-- ARGV[8]  up to when steps in done are forgotten, Unix milliseconds
--
-- Returns 1 if the event is new, 0 if it came before.
local came = redis.call("ZSCORE", KEYS[1], ARGV[1])
if came and tonumber(came) >= tonumber(ARGV[3]) then
  return 0
end
-- What is old goes now and then, some at a time: twice as many events as have
-- come in since, so the set does shrink, and of done as many as those may leave.
-- Looking each time would be cheap for a server, but the Redis inside the process
-- sorts the whole set for it.
local function drop(key, last, most)
  local old = math.min(redis.call("ZCOUNT", key, "-inf", last), most)
  if old > 0 then
    redis.call("ZREMRANGEBYRANK", key, 0, old - 1)
  end
end
if redis.call("ZCARD", KEYS[1]) % 64 == 0 then
  drop(KEYS[1], "(" .. ARGV[3], 2 * 64)
  drop(KEYS[6], ARGV[8], 16 * 64)
end
redis.call("ZADD", KEYS[1], ARGV[2], ARGV[1])
redis.call("HSET", KEYS[2], "value", ARGV[6], "person", ARGV[7], "at", ARGV[2])
redis.call("RPUSH", KEYS[3], ARGV[4])
redis.call("ZADD", KEYS[4], "NX", ARGV[2], ARGV[5])
redis.call("HINCRBY", KEYS[5], "events", 1)
return 1
