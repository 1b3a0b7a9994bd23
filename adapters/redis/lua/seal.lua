-- seal.lua moves the oldest unsealed lines of the audit behind the sealed ones.
--
-- KEYS[1]   audit_chain (hash)
-- KEYS[2]   audit_open (list)
-- KEYS[3]   audit (stream)
-- ARGV[1]   number of the line that the chain ends with, 0 for none
-- ARGV[2]   its seal
-- ARGV[3…]  for each line: number, text, seal
--
-- Returns 1, or 0 if the chain ends elsewhere or these lines are not the next. A
-- crash may have left half of such a step: lines that are there already, as they
-- are given, stay. Others in their place are an error.
-- Checks come before writes: Redis does not undo half a script.
local last = redis.call("HMGET", KEYS[1], "last", "last_seal")
local count = (#ARGV - 2) / 3
local open = redis.call("LRANGE", KEYS[2], 0, count - 1)
if (last[1] or "0") ~= ARGV[1] or (last[2] or "") ~= ARGV[2] or #open ~= count then
  return 0
end
for i = 1, count do
  if open[i] ~= ARGV[3 * i + 1] then
    return 0
  end
end
local top = redis.call("XREVRANGE", KEYS[3], "+", "-", "COUNT", 1)[1]
local there = top and tonumber(string.match(top[1], "^%d+")) or 0
for i = 1, count do
  local id = ARGV[3 * i] .. "-0"
  if tonumber(ARGV[3 * i]) <= there then
    local entry = redis.call("XRANGE", KEYS[3], id, id)[1]
    if not entry or entry[2][2] ~= ARGV[3 * i + 1] or entry[2][4] ~= ARGV[3 * i + 2] then
      return redis.error_reply("ERR the audit has another line " .. ARGV[3 * i] .. " already; something else than Signpost changed it")
    end
  end
end
for i = 1, count do
  if tonumber(ARGV[3 * i]) > there then
    redis.call("XADD", KEYS[3], ARGV[3 * i] .. "-0", "line", ARGV[3 * i + 1], "seal", ARGV[3 * i + 2])
  end
end
redis.call("LTRIM", KEYS[2], count, -1)
redis.call("HSET", KEYS[1], "last", ARGV[#ARGV - 2], "last_seal", ARGV[#ARGV])
return 1
