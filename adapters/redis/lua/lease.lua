-- lease.lua takes the lane that has waited longest and hides it until the lease
-- runs out. It brings along what handling the lane's head will want to read.
--
-- KEYS[1]  ready (zset)
-- ARGV[1]  key prefix
-- ARGV[2]  now, Unix milliseconds
-- ARGV[3]  when the lease runs out, likewise
-- ARGV[4]  token
-- ARGV[5]  how many of the sender's newest questions are wanted, at least 1
--
-- Returns nil if there is no work, else
-- { record id, event, failures or nil, when it was accepted,
--   newest conversation of the lane: id or nil, version, value,
--   its ticket: id or nil, version, value,
--   the sender: version, value,
--   for each of their newest questions its line in the ledger: id, version, value }.
-- A record that is missing has a nil version.
local lane = redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", ARGV[2], "LIMIT", 0, 1)[1]
if not lane then
  return false
end
local function record(kind, id)
  local found = redis.call("HMGET", ARGV[1] .. kind .. ":" .. id, "version", "value")
  return found[1], found[2]
end
local id = redis.call("LINDEX", ARGV[1] .. "lane:" .. lane, 0)
local key = ARGV[1] .. "event:" .. id
local event = redis.call("HMGET", key, "value", "failures", "person", "at")
local newest = redis.call("HMGET", ARGV[1] .. "newest:" .. lane, "conversation", "ticket")
local conversationVersion, conversation = record("conversation", newest[1] or "")
local ticketVersion, ticket = record("ticket", newest[2] or "")
local personVersion, person = record("person", event[3])

redis.call("HSET", key, "token", ARGV[4])
redis.call("ZADD", KEYS[1], ARGV[3], lane)
local answer = {
  id, event[1], event[2], event[4],
  newest[1], conversationVersion, conversation,
  newest[2], ticketVersion, ticket,
  personVersion, person,
}
-- The length of the answer does not tell where it ends: some of it may be nil.
for i, line in ipairs(redis.call("ZREVRANGE", ARGV[1] .. "questions:" .. event[3], 0, tonumber(ARGV[5]) - 1)) do
  local at = 12 + 3 * (i - 1)
  answer[at + 1] = line
  answer[at + 2], answer[at + 3] = record("line", line)
end
return answer
