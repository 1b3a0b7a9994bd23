-- bury.lua moves an event to the dead letters and queues an apology.
--
-- KEYS[1]  the event (hash)
-- KEYS[2]  its lane (list)
-- KEYS[3]  ready (zset)
-- KEYS[4]  done (zset)
-- KEYS[5]  pending (hash)
-- KEYS[6]  dead (zset)
-- KEYS[7]  the dead letter (hash)
-- ARGV[1]  token
-- ARGV[2]  id of the event's record
-- ARGV[3]  lane
-- ARGV[4]  now, Unix milliseconds
-- ARGV[5]  key prefix
-- ARGV[6]  cause
-- ARGV[7]  number of replies; for each: eight values as finish.lua takes them
-- then     deeds for the audit, JSON
--
-- Returns "ok" or "lost".
if redis.call("ZSCORE", KEYS[4], "bury " .. ARGV[1]) then
  return "ok"
end
if redis.call("HGET", KEYS[1], "token") ~= ARGV[1] then
  return "lost"
end
local failures = redis.call("HINCRBY", KEYS[1], "failures", 1)
redis.call("HSET", KEYS[7], "kind", "event", "value", redis.call("HGET", KEYS[1], "value"),
  "failures", failures, "cause", ARGV[6], "at", ARGV[4])
redis.call("ZADD", KEYS[6], ARGV[4], ARGV[2])

local at = 7
local function take()
  at = at + 1
  return ARGV[at]
end
for _ = 1, tonumber(ARGV[7]) do
  local id, place, platform, name = take(), take(), take(), take()
  local deed, like, reply = take(), take(), take()
  take() -- an apology takes nobody's place
  redis.call("HSET", ARGV[5] .. "reply:" .. id,
    "value", reply, "key", name, "deed", deed, "like", like, "at", ARGV[4])
  if name ~= "" then
    redis.call("HSET", ARGV[5] .. "waiting:" .. place, name, id)
  end
  redis.call("RPUSH", ARGV[5] .. "outbox:" .. place, id)
  redis.call("ZADD", ARGV[5] .. "out:" .. platform, "NX", ARGV[4], place)
  redis.call("HINCRBY", KEYS[5], "replies:" .. platform, 1)
end

redis.call("ZADD", KEYS[4], ARGV[4], "bury " .. ARGV[1])
redis.call("DEL", KEYS[1])
redis.call("LREM", KEYS[2], 1, ARGV[2])
redis.call("HINCRBY", KEYS[5], "events", -1)
if redis.call("EXISTS", KEYS[2]) == 1 then
  redis.call("ZADD", KEYS[3], ARGV[4], ARGV[3])
else
  redis.call("ZREM", KEYS[3], ARGV[3])
end
for i = at + 1, #ARGV do
  audit(ARGV[5], ARGV[i])
end
return "ok"
