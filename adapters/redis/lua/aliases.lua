-- aliases.lua lists all aliases, and the version of the list.
--
-- KEYS[1]  aliases (hash)
-- KEYS[2]  their version (string)
--
-- Returns the version as a string, then for each alias: id, JSON.
local answer = {redis.call("GET", KEYS[2]) or "0"}
for _, part in ipairs(redis.call("HGETALL", KEYS[1])) do
  answer[#answer + 1] = part
end
return answer
