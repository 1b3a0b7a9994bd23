-- dead.lua lists dead letters, newest first.
--
-- KEYS[1]  dead (zset)
-- ARGV[1]  key prefix
-- ARGV[2]  how many are wanted, at least 1
--
-- Returns { id, at, cause, kind, value } for each.
local letters = {}
for i, id in ipairs(redis.call("ZREVRANGE", KEYS[1], 0, tonumber(ARGV[2]) - 1)) do
  local letter = redis.call("HMGET", ARGV[1] .. "dead:" .. id, "at", "cause", "kind", "value")
  letters[i] = { id, letter[1], letter[2], letter[3], letter[4] }
end
return letters
