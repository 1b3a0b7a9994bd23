-- record.lua adds deeds to the audit, once for each step.
--
-- KEYS[1]   done (zset)
-- ARGV[1]   key prefix
-- ARGV[2]   name of the step
-- ARGV[3]   now, Unix milliseconds
-- ARGV[4…]  deeds, JSON
--
-- Returns how many were added.
if redis.call("ZADD", KEYS[1], "NX", ARGV[3], "record " .. ARGV[2]) == 0 then
  return 0
end
for i = 4, #ARGV do
  audit(ARGV[1], ARGV[i])
end
return #ARGV - 3
