-- change.lua changes sets. finish.lua does the same within an outcome.
--
-- KEYS[1]  the first of them (hash), which puts the script on its node
-- ARGV[1]  key prefix
-- ARGV[2]  how many members a set may have
-- ARGV[3]  number of changes
-- then     for each: set, member, put or remove, value, "if" to compare what is
--          there, and with what, "" for nothing
-- then     deeds for the audit, JSON
--
-- Returns "ok", or "conflict" and a space and what has changed since; only "ok"
-- has changed anything. Checks come before writes.
local prefix, most = ARGV[1], tonumber(ARGV[2])
local changes = {}
for i = 1, tonumber(ARGV[3]) do
  local at = 3 + 6 * (i - 1)
  local c = {
    set = prefix .. "set:" .. ARGV[at + 1], version = prefix .. "set_version:" .. ARGV[at + 1],
    member = ARGV[at + 2], deed = ARGV[at + 3], value = ARGV[at + 4],
  }
  if ARGV[at + 5] == "if" and (redis.call("HGET", c.set, c.member) or "") ~= ARGV[at + 6] then
    return "conflict " .. c.member .. " of " .. ARGV[at + 1]
  end
  changes[i] = c
end
for _, c in ipairs(changes) do
  local changed = false
  local is = redis.call("HGET", c.set, c.member)
  if c.deed == "remove" then
    changed = redis.call("HDEL", c.set, c.member) == 1
  elseif is ~= c.value and (is or redis.call("HLEN", c.set) < most) then
    redis.call("HSET", c.set, c.member, c.value)
    changed = true
  end
  if changed then
    redis.call("INCR", c.version)
  end
end
for i = 4 + 6 * #changes, #ARGV do
  audit(prefix, ARGV[i])
end
return "ok"
