-- lease_reply.lua takes the place on a platform that has waited longest and may
-- be written to by now, hides it until the lease runs out, and marks its head as
-- begun.
--
-- The platform's rate is kept by the generic cell rate algorithm: KEYS[3] is when
-- everything sent so far would be through at the mean rate, and a reply may be
-- sent while that is less than the burst away.
--
-- Where a channel and all its threads are one place, those of them that wait for
-- their turn stand in the channel's crowd, in the order they came. Each comes
-- back into view when its turn can be at the earliest.
--
-- KEYS[1]  out (zset)
-- KEYS[2]  paced (zset)
-- KEYS[3]  pace (string)
-- KEYS[4]  sending (hash)
-- ARGV[1]  key prefix
-- ARGV[2]  now, Unix milliseconds
-- ARGV[3]  when the lease runs out, likewise
-- ARGV[4]  token
-- ARGV[5]  least time between two replies to a place, milliseconds; 0: none
-- ARGV[6]  mean time between two replies to the platform, likewise
-- ARGV[7]  how many may come at once
-- ARGV[8]  1 if a channel and all its threads are one place
--
-- Returns nil if no reply may be sent, 1 if so many places wait for their turn
-- that nobody knows yet, else
-- { reply id, reply JSON, number of this try, receipt JSON or nil,
--   number of tries begun and not ended, time of the first try,
--   receipt JSON of the message it belongs under or "" }.
local now, gap, mean = tonumber(ARGV[2]), tonumber(ARGV[5]), tonumber(ARGV[6])
local through = now
if mean > 0 then
  through = math.max(now, tonumber(redis.call("GET", KEYS[3]) or 0))
  if through - now > mean * (tonumber(ARGV[7]) - 1) + 0.001 then
    return false
  end
end

local place, paced, crowd
for _ = 1, 100 do
  local first = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", ARGV[2], "WITHSCORES", "LIMIT", 0, 1)
  local found = first[1]
  if not found then
    return false
  end
  if gap == 0 then
    place = found
    break
  end
  paced = found
  if ARGV[8] == "1" then
    paced = string.match(found, "^[^:]*:[^:]*:[^:]*") -- without its thread
    crowd = ARGV[1] .. "crowd:" .. paced
    redis.call("ZADD", crowd, "NX", first[2], found)
  end
  local from = tonumber(redis.call("ZSCORE", KEYS[2], paced) or 0)
  if from <= now then
    place = crowd and redis.call("ZRANGE", crowd, 0, 0)[1] or found
    break
  end
  local ahead = crowd and redis.call("ZRANK", crowd, found) or 0
  redis.call("ZADD", KEYS[1], string.format("%.3f", from + ahead * gap), found)
end
if not place then
  return 1
end
if crowd then
  redis.call("ZREM", crowd, place)
end

local id = redis.call("LINDEX", ARGV[1] .. "outbox:" .. place, 0)
local key = ARGV[1] .. "reply:" .. id
local reply = redis.call("HMGET", key, "value", "key", "token", "since")
local receipt = redis.call("GET", ARGV[1] .. "receipt:" .. reply[2])
local waiting = ARGV[1] .. "waiting:" .. place

local under = ""
if string.find(reply[1], '"under":"', 1, true) then
  under = redis.call("GET", ARGV[1] .. "receipt:" .. (cjson.decode(reply[1]).under or "")) or ""
end

redis.call("HSET", key, "token", ARGV[4], "since", reply[4] or ARGV[2])
if reply[3] then
  redis.call("HDEL", KEYS[4], reply[3])
end
redis.call("HSET", KEYS[4], ARGV[4], place)
if redis.call("HGET", waiting, reply[2]) == id then
  redis.call("HDEL", waiting, reply[2])
end
redis.call("ZADD", KEYS[1], ARGV[3], place)
if mean > 0 then
  redis.call("SET", KEYS[3], string.format("%.3f", through + mean))
end
if gap > 0 then
  for _, old in ipairs(redis.call("ZRANGEBYSCORE", KEYS[2], "-inf", ARGV[2], "LIMIT", 0, 2)) do
    redis.call("ZREM", KEYS[2], old)
  end
  redis.call("ZADD", KEYS[2], string.format("%.3f", now + gap), paced)
end
return {
  id, reply[1], redis.call("HINCRBY", key, "tries", 1), receipt,
  redis.call("HINCRBY", key, "begun", 1), reply[4] or ARGV[2], under,
}
