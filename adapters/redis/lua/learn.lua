-- learn.lua adds an alias, once. finish.lua does the same within an outcome.
--
-- KEYS[1]  aliases (hash)
-- KEYS[2]  their version (string)
-- ARGV[1]  id
-- ARGV[2]  alias, JSON
-- ARGV[3]  how many aliases there may be
-- ARGV[4]  key prefix
-- then     deeds for the audit, if it is fresh, JSON
--
-- Returns "fresh", "known" if it is there already, or "full".
if redis.call("HEXISTS", KEYS[1], ARGV[1]) == 1 then
  return "known"
end
if redis.call("HLEN", KEYS[1]) >= tonumber(ARGV[3]) then
  return "full"
end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[2])
redis.call("INCR", KEYS[2])
for i = 5, #ARGV do
  audit(ARGV[4], ARGV[i])
end
return "fresh"
