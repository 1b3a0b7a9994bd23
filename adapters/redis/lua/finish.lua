-- finish.lua commits everything that handling an event changes: records, their
-- indexes, replies, timers, what was learned and counted, and that the event is
-- done.
--
-- A reply that waits and was not begun gives way to a newer one of its Key, if
-- that is the newest of the Key in the place:
--   a Replace like it takes its place in the line, and its Deed if that is Post;
--   a Remove takes the place of a Replace like it;
--   a Remove drops a Post and itself.
--
-- KEYS[1]   the event (hash)
-- KEYS[2]   its lane (list)
-- KEYS[3]   ready (zset)
-- KEYS[4]   done (zset)
-- KEYS[5]   pending (hash)
-- KEYS[6…]  the records to save (hashes)
-- ARGV[1]   token
-- ARGV[2]   id of the event's record
-- ARGV[3]   lane
-- ARGV[4]   now, Unix milliseconds
-- ARGV[5]   key prefix
-- ARGV[6…]  for KEYS[6…]: version that was read, 0 for a new record
-- then      how many members a set may have; number of changes of sets; for each:
--           set, member, put or remove, value, "if" to compare what is there, and
--           with what, "" for nothing
-- then for each of the records: value, JSON; number of indexes (zsets) that it
--           stands in; for each of those: key, score, member
-- then      number of conversations; for each: version that was read, id,
--           ticket, key of its lane's newest (hash)
-- then      number of replies; for each: id, place, platform, Key, Deed, what it
--           must share with another to take its place, reply JSON, the same
--           with Deed post if its own is replace
-- then      number of timers; for each: name, when it is due or "" to take it
--           away, record id of its event, lane, person, event JSON
-- then      how many aliases there may be; number of those to add; for each:
--           id, JSON; number of those to remove; for each: id
-- then      number of days of desks; for each: day and desk, day in Unix
--           milliseconds, number of its fields; for each: field, what is added
-- then      how many waits a desk keeps; number of those to add; for each: key of
--           the desk's (list), JSON
-- then      number of deeds; for each: JSON
--
-- Returns "ok", "lost", or "conflict" and a space and what has changed since; only
-- "ok" has changed anything.
-- Checks come before writes: Redis does not undo half a script.
if redis.call("ZSCORE", KEYS[4], "finish " .. ARGV[1]) then
  return "ok"
end
if redis.call("HGET", KEYS[1], "token") ~= ARGV[1] then
  return "lost"
end
for i = 6, #KEYS do
  local version = redis.call("HGET", KEYS[i], "version") or "0"
  if version ~= ARGV[i] then
    return "conflict " .. KEYS[i] .. ", " .. version .. " instead of " .. ARGV[i]
  end
end

local at = #KEYS
local function take()
  at = at + 1
  return ARGV[at]
end

local prefix = ARGV[5]
local most, changes = tonumber(take()), {}
for i = 1, tonumber(take()) do
  local set, member, deed, value, compare, was = take(), take(), take(), take(), take(), take()
  if compare == "if" and (redis.call("HGET", prefix .. "set:" .. set, member) or "") ~= was then
    return "conflict " .. member .. " of " .. set
  end
  changes[i] = { set = set, member = member, deed = deed, value = value }
end
for _, c in ipairs(changes) do
  local set, changed = prefix .. "set:" .. c.set, false
  local is = redis.call("HGET", set, c.member)
  if c.deed == "remove" then
    changed = redis.call("HDEL", set, c.member) == 1
  elseif is ~= c.value and (is or redis.call("HLEN", set) < most) then
    redis.call("HSET", set, c.member, c.value)
    changed = true
  end
  if changed then
    redis.call("INCR", prefix .. "set_version:" .. c.set)
  end
end

for i = 6, #KEYS do
  local key = KEYS[i]
  redis.call("HINCRBY", key, "version", 1)
  local fields = { "value", take() }
  -- A record notes where it stands in fields in:<index>, so that it can leave.
  -- A new one stands nowhere yet.
  for _, field in ipairs(ARGV[i] ~= "0" and redis.call("HKEYS", key) or {}) do
    if string.sub(field, 1, 3) == "in:" then
      redis.call("ZREM", string.sub(field, 4), redis.call("HGET", key, field))
      redis.call("HDEL", key, field)
    end
  end
  for _ = 1, tonumber(take()) do
    local index, score, member = take(), take(), take()
    redis.call("ZADD", index, score, member)
    table.insert(fields, "in:" .. index)
    table.insert(fields, member)
  end
  redis.call("HSET", key, unpack(fields))
end

for _ = 1, tonumber(take()) do
  local version, id, ticket, newest = take(), take(), take(), take()
  if version == "0" or redis.call("HGET", newest, "conversation") == id then
    redis.call("HSET", newest, "conversation", id, "ticket", ticket)
  end
end

for _ = 1, tonumber(take()) do
  local id, place, platform, name = take(), take(), take(), take()
  local deed, like, reply, asPost = take(), take(), take(), take()
  local outbox, waiting = prefix .. "outbox:" .. place, prefix .. "waiting:" .. place
  local older = deed ~= "post" and name ~= "" and redis.call("HGET", waiting, name)
  local old = older and redis.call("HMGET", prefix .. "reply:" .. older, "deed", "like") or {}
  if deed == "remove" and old[1] == "post" then
    redis.call("DEL", prefix .. "reply:" .. older)
    redis.call("HDEL", waiting, name)
    redis.call("LREM", outbox, 1, older)
    redis.call("HINCRBY", KEYS[5], "replies:" .. platform, -1)
    if redis.call("EXISTS", outbox) == 0 then
      redis.call("ZREM", prefix .. "out:" .. platform, place)
      redis.call("ZREM", prefix .. "crowd:" .. string.match(place, "^[^:]*:[^:]*:[^:]*"), place)
    end
  elseif old[2] == like and old[1] ~= "remove" then
    if old[1] == "post" then
      deed, reply = "post", asPost
    end
    redis.call("HSET", prefix .. "reply:" .. older, "value", reply, "deed", deed)
  else
    redis.call("HSET", prefix .. "reply:" .. id,
      "value", reply, "key", name, "deed", deed, "like", like, "at", ARGV[4])
    if name ~= "" then
      redis.call("HSET", waiting, name, id)
    end
    redis.call("RPUSH", outbox, id)
    redis.call("ZADD", prefix .. "out:" .. platform, "NX", ARGV[4], place)
    redis.call("HINCRBY", KEYS[5], "replies:" .. platform, 1)
  end
end

for _ = 1, tonumber(take()) do
  local name, due, id, lane, person, event = take(), take(), take(), take(), take(), take()
  if due == "" then
    redis.call("DEL", prefix .. "timer:" .. name)
    redis.call("ZREM", prefix .. "timers", name)
  else
    redis.call("HSET", prefix .. "timer:" .. name, "id", id, "lane", lane, "person", person, "value", event)
    redis.call("ZADD", prefix .. "timers", due, name)
  end
end

local aliases, changed = prefix .. "aliases", 0
most = tonumber(take())
for _ = 1, tonumber(take()) do
  local id, alias = take(), take()
  -- A full list costs the alias, not the outcome.
  if redis.call("HLEN", aliases) < most then
    changed = changed + redis.call("HSETNX", aliases, id, alias)
  end
end
for _ = 1, tonumber(take()) do
  changed = changed + redis.call("HDEL", aliases, take())
end
if changed > 0 then
  redis.call("INCRBY", prefix .. "alias_version", changed)
end

for _ = 1, tonumber(take()) do
  local tally, day = take(), take()
  redis.call("ZADD", prefix .. "tallies", day, tally)
  for _ = 1, tonumber(take()) do
    redis.call("HINCRBY", prefix .. "tally:" .. tally, take(), take())
  end
end
local kept = tonumber(take())
for _ = 1, tonumber(take()) do
  local waits, wait = take(), take()
  redis.call("LPUSH", waits, wait)
  redis.call("LTRIM", waits, 0, kept - 1)
end

for _ = 1, tonumber(take()) do
  audit(prefix, take())
end

redis.call("ZADD", KEYS[4], ARGV[4], "finish " .. ARGV[1])
redis.call("DEL", KEYS[1])
redis.call("LREM", KEYS[2], 1, ARGV[2])
redis.call("HINCRBY", KEYS[5], "events", -1)
if redis.call("EXISTS", KEYS[2]) == 1 then
  redis.call("ZADD", KEYS[3], ARGV[4], ARGV[3])
else
  redis.call("ZREM", KEYS[3], ARGV[3])
end
return "ok"
