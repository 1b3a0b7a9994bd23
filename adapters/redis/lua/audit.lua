-- audit.lua is no step of its own: it stands before the scripts that write into
-- the audit. audit adds a deed, a JSON object, behind the others, with a number
-- in front that is one more than that of the deed before it. A deed is sealed
-- later: Redis has no SHA-256.
local function audit(prefix, deed)
  local n = redis.call("INCR", prefix .. "audit_number")
  if n == 1 then -- the first of all; or the number was lost, and goes on behind what there is
    n = 1 + (redis.call("HGET", prefix .. "audit_chain", "last") or 0) + redis.call("LLEN", prefix .. "audit_open")
    redis.call("SET", prefix .. "audit_number", n)
  end
  redis.call("RPUSH", prefix .. "audit_open", '{"n":' .. string.format("%d", n) .. "," .. string.sub(deed, 2))
end

