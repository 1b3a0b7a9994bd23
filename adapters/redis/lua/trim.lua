-- trim.lua drops what is older than its retention, a bounded number of each kind.
--
-- KEYS[1]  conversations (zset)
-- KEYS[2]  live (zset)
-- KEYS[3]  receipts (zset)
-- KEYS[4]  dead (zset)
-- KEYS[5]  done (zset)
-- KEYS[6]  seen (zset)
-- KEYS[7]  holds (zset)
-- KEYS[8]  tokens (zset)
-- KEYS[9]  marking (set)
-- KEYS[10] ledger (zset)
-- KEYS[11] tallies (zset)
-- KEYS[12] audit (stream)
-- KEYS[13] audit_chain (hash)
-- KEYS[14] closed (zset)
-- ARGV[1]  key prefix
-- ARGV[2]  how many of each kind at most
-- ARGV[3]  conversations whose newest word is older than this go, Unix
--          milliseconds; empty: none
-- ARGV[4]  and when to look again at one whose ticket is live, likewise
-- ARGV[5]  receipts older than this go, likewise
-- ARGV[6]  dead letters
-- ARGV[7]  done
-- ARGV[8]  seen
-- ARGV[9]  holds
-- ARGV[10] when to look again at a receipt whose ticket is live, Unix milliseconds
-- ARGV[11] tokens that ended before this go, likewise
-- ARGV[12] marks
-- ARGV[13] lines of the ledger, likewise
-- ARGV[14] tallies
-- ARGV[15] sealed lines of the audit, as their text has the time; empty: none
-- ARGV[16] closed tickets, Unix milliseconds
--
-- Returns how much was dropped.
local dropped = 0
local function each(index, before, drop)
  if before == "" then
    return
  end
  for _, member in ipairs(redis.call("ZRANGEBYSCORE", index, "-inf", "(" .. before, "LIMIT", 0, ARGV[2])) do
    if drop(member) ~= false then
      redis.call("ZREM", index, member)
      dropped = dropped + 1
    end
  end
end

local function live(ticket)
  local number = string.match(ticket or "", "%d+$")
  return number and redis.call("ZSCORE", KEYS[2], string.rep("0", 15 - #number) .. number)
end

each(KEYS[1], ARGV[3], function(id)
  local key = ARGV[1] .. "conversation:" .. id
  local value = redis.call("HGET", key, "value")
  if value then
    local conversation = cjson.decode(value)
    if live(conversation.ticket) then
      redis.call("ZADD", KEYS[1], ARGV[4], id)
      return false
    end
    local newest = ARGV[1] .. "newest:" .. conversation.lane
    if redis.call("HGET", newest, "conversation") == id then
      redis.call("DEL", newest)
    end
  end
  redis.call("DEL", key)
end)
each(KEYS[3], ARGV[5], function(key)
  local receipt = ARGV[1] .. "receipt:" .. key
  local value = redis.call("GET", receipt)
  if value then
    local stands = cjson.decode(value)
    if live(stands.ticket) then
      redis.call("ZADD", KEYS[3], ARGV[10], key)
      return false
    end
    local place = stands.place
    redis.call("DEL", ARGV[1] .. "posted:" .. place.platform .. ":" .. place.workspace .. ":" .. place.channel .. "/" .. stands.message)
  end
  redis.call("DEL", receipt)
end)
each(KEYS[4], ARGV[6], function(id) redis.call("DEL", ARGV[1] .. "dead:" .. id) end)
each(KEYS[5], ARGV[7], function() end)
each(KEYS[6], ARGV[8], function() end)
each(KEYS[7], ARGV[9], function(name) redis.call("DEL", ARGV[1] .. "hold:" .. name) end)
each(KEYS[8], ARGV[11], function(handle) redis.call("DEL", ARGV[1] .. "token:" .. handle) end)
local function record(key)
  for _, field in ipairs(redis.call("HKEYS", key)) do
    if string.sub(field, 1, 3) == "in:" then
      redis.call("ZREM", string.sub(field, 4), redis.call("HGET", key, field))
    end
  end
  redis.call("DEL", key)
end
each(KEYS[10], ARGV[13], function(id) record(ARGV[1] .. "line:" .. id) end)
each(KEYS[14], ARGV[16], function(number) record(ARGV[1] .. "ticket:T-" .. string.match(number, "[1-9]%d*$")) end)
each(KEYS[11], ARGV[14], function(tally) redis.call("DEL", ARGV[1] .. "tally:" .. tally) end)
for _, platform in ipairs(redis.call("SMEMBERS", KEYS[9])) do
  local marks = ARGV[1] .. "marks:" .. platform
  each(marks, ARGV[12], function() end)
  if redis.call("EXISTS", marks) == 0 then
    redis.call("SREM", KEYS[9], platform)
  end
end
if ARGV[15] ~= "" then
  local number, seal
  for _, entry in ipairs(redis.call("XRANGE", KEYS[12], "-", "+", "COUNT", ARGV[2])) do
    local at = string.match(entry[2][2], '"at":"([^"]+)"')
    if not at or at >= ARGV[15] then
      break
    end
    number, seal = string.match(entry[1], "^%d+"), entry[2][4]
    dropped = dropped + 1
  end
  if number then
    redis.call("HSET", KEYS[13], "first", number, "first_seal", seal)
    redis.call("XTRIM", KEYS[12], "MINID", string.format("%d", tonumber(number) + 1) .. "-0")
  end
end
return dropped
