-- unlearn.lua removes an alias. finish.lua does the same within an outcome.
--
-- KEYS[1]  aliases (hash)
-- KEYS[2]  their version (string)
-- ARGV[1]  id
-- ARGV[2]  key prefix
-- then     deeds for the audit, if it was there, JSON
--
-- Returns 1 if it was there, else 0.
if redis.call("HDEL", KEYS[1], ARGV[1]) == 0 then
  return 0
end
redis.call("INCR", KEYS[2])
for i = 3, #ARGV do
  audit(ARGV[2], ARGV[i])
end
return 1
