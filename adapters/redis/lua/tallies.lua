-- tallies.lua reads what was counted on some days.
--
-- KEYS[1…]  tallies (hashes)
--
-- Returns for each the fields and counts in turn.
local answer = {}
for i, key in ipairs(KEYS) do
  answer[i] = redis.call("HGETALL", key)
end
return answer
