-- forget_record.lua saves a record without what someone wrote, or drops it, with
-- its places in the indexes, and queues what is to be said of it.
--
-- KEYS[1]  the record (hash)
-- KEYS[2]  pending (hash)
-- ARGV[1]  version that was read; 0: there was none
-- ARGV[2]  the record as it is kept, JSON; empty: it goes
-- ARGV[3]  key prefix
-- ARGV[4]  now, Unix milliseconds
-- ARGV[5]  newest (hash) of a conversation's lane, which goes with it; empty: none
-- ARGV[6]  id of the conversation
-- ARGV[7]  number of indexes (zsets) it stands in; for each: key, score, member
-- then     number of replies; for each: eight values as finish.lua takes them. One
--          that is queued already is not queued again.
--
-- Returns 1, or 0 if another save came first, and then nothing has changed.
if (redis.call("HGET", KEYS[1], "version") or "0") ~= ARGV[1] then
  return 0
end
for _, field in ipairs(redis.call("HKEYS", KEYS[1])) do
  if string.sub(field, 1, 3) == "in:" then
    redis.call("ZREM", string.sub(field, 4), redis.call("HGET", KEYS[1], field))
    redis.call("HDEL", KEYS[1], field)
  end
end
if ARGV[5] ~= "" and redis.call("HGET", ARGV[5], "conversation") == ARGV[6] then
  redis.call("DEL", ARGV[5])
end
if ARGV[2] == "" then
  redis.call("DEL", KEYS[1])
else
  redis.call("HSET", KEYS[1], "value", ARGV[2])
  redis.call("HINCRBY", KEYS[1], "version", 1)
end

local at = 6
local function take()
  at = at + 1
  return ARGV[at]
end
for _ = 1, tonumber(take()) do
  local index, score, member = take(), take(), take()
  redis.call("ZADD", index, score, member)
  redis.call("HSET", KEYS[1], "in:" .. index, member)
end
for _ = 1, tonumber(take()) do
  local id, place, platform, name = take(), take(), take(), take()
  local deed, like, reply = take(), take(), take()
  take() -- it takes nobody's place
  local key = ARGV[3] .. "reply:" .. id
  if redis.call("EXISTS", key) == 0 then
    redis.call("HSET", key, "value", reply, "key", name, "deed", deed, "like", like, "at", ARGV[4])
    redis.call("HSET", ARGV[3] .. "waiting:" .. place, name, id)
    redis.call("RPUSH", ARGV[3] .. "outbox:" .. place, id)
    redis.call("ZADD", ARGV[3] .. "out:" .. platform, "NX", ARGV[4], place)
    redis.call("HINCRBY", KEYS[2], "replies:" .. platform, 1)
  end
end
return 1
