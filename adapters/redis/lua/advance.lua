-- advance.lua moves cursors on, each only if its new value is the greater one:
-- the longer, or else the later in byte order.
--
-- KEYS[1]  cursors (hash)
-- ARGV     name and value of each
--
-- Returns how many moved.

-- Bytes are compared one by one: < on strings goes by the server's language.
local function greater(a, b)
  if #a ~= #b then
    return #a > #b
  end
  for i = 1, #a do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then
      return x > y
    end
  end
  return false
end

local moved = 0
for i = 1, #ARGV, 2 do
  local name, value = ARGV[i], ARGV[i + 1]
  if greater(value, redis.call("HGET", KEYS[1], name) or "") then
    redis.call("HSET", KEYS[1], name, value)
    moved = moved + 1
  end
end
return moved
