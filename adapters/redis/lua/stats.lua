-- stats.lua counts what is stored and finds the oldest of what waits. It looks at
-- a bounded number of lanes and places, those first whose turn comes first.
--
-- KEYS[1]  ready (zset)
-- KEYS[2]  pending (hash)
-- KEYS[3]  timers (zset)
-- KEYS[4]  dead (zset)
-- ARGV[1]  key prefix
-- ARGV[2]  now, Unix milliseconds
-- ARGV[3]  how far the ranks of two priorities are apart
-- ARGV[4]  number of priorities
-- ARGV[5]  number of platforms, then their names
-- then     number of desks, then their names
--
-- Returns { lanes, events or nil, when the oldest event came or nil, timers, dead
-- letters }, then for each platform { replies or nil, when the oldest came or
-- nil }, then for each desk { open tickets, when the oldest was opened or nil }.
-- Times and the counts of pending are strings.
local sample = 64

local function oldest(members, list, hash)
  local first
  for _, member in ipairs(members) do
    local id = redis.call("LINDEX", ARGV[1] .. list .. member, 0)
    local at = id and tonumber(redis.call("HGET", ARGV[1] .. hash .. id, "at"))
    if at and (not first or at < first) then
      first = at
    end
  end
  return first and string.format("%.0f", first) or false
end

local at = 4
local function take()
  at = at + 1
  return ARGV[at]
end

local lanes = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", ARGV[2], "LIMIT", 0, sample)
local answer = { {
  redis.call("ZCARD", KEYS[1]), redis.call("HGET", KEYS[2], "events"), oldest(lanes, "lane:", "event:"),
  redis.call("ZCARD", KEYS[3]), redis.call("ZCARD", KEYS[4]),
} }
for _ = 1, tonumber(take()) do
  local platform = take()
  local places = redis.call("ZRANGE", ARGV[1] .. "out:" .. platform, 0, sample - 1)
  table.insert(answer, { redis.call("HGET", KEYS[2], "replies:" .. platform), oldest(places, "outbox:", "reply:") })
end
for _ = 1, tonumber(take()) do
  local rank = ARGV[1] .. "rank:" .. take()
  local step, first = tonumber(ARGV[3])
  for class = 0, tonumber(ARGV[4]) - 1 do
    local from = string.format("%.0f", class * step)
    local to = string.format("(%.0f", (class + 1) * step)
    local score = redis.call("ZRANGEBYSCORE", rank, from, to, "WITHSCORES", "LIMIT", 0, 1)[2]
    local opened = score and tonumber(score) - class * step
    if opened and (not first or opened < first) then
      first = opened
    end
  end
  table.insert(answer, { redis.call("ZCARD", rank), first and string.format("%.0f", first) or false })
end
return answer
