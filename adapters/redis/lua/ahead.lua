-- ahead.lua counts the open tickets of a desk that are worked before a given
-- one, which need not be stored: those that are due by now, and those of a lower
-- rank.
--
-- What is due is ordered by its time and not by its rank, so of the tickets of
-- the same priority that are both, one by one must be looked at. Either those
-- before the given one are, or those behind it, whichever are fewer: of a ticket
-- that was just opened, none are behind.
--
-- KEYS[1]  due tickets of the desk (zset)
-- KEYS[2]  open tickets of the desk by rank (zset)
-- KEYS[3]  due tickets of the desk and of the ticket's priority (zset)
-- KEYS[4…] due tickets of the desk and of each lower priority (zsets)
-- ARGV[1]  now, Unix milliseconds
-- ARGV[2]  the ticket's due time, likewise; empty if it is not due by now
-- ARGV[3]  its rank
-- ARGV[4]  its member in KEYS[1] and KEYS[3]
-- ARGV[5]  its member in KEYS[2]
-- ARGV[6]  lowest rank of its priority
-- ARGV[7]  highest rank of its priority
--
-- Returns the count.

-- earlier counts the members of an index that come before one of a score, which
-- need not be stored.
local function earlier(index, score, member)
  local lower = redis.call("ZCOUNT", index, "-inf", "(" .. score)
  local from, to = lower, lower + redis.call("ZCOUNT", index, score, score)
  while from < to do
    local middle = math.floor((from + to) / 2)
    if redis.call("ZRANGE", index, middle, middle)[1] < member then
      from = middle + 1
    else
      to = middle
    end
  end
  return from
end

-- The ticket itself, as it is stored, counts for nothing.
local rank = redis.call("ZSCORE", KEYS[2], ARGV[5])
local stored = rank and string.format("%016.0f:%s", tonumber(rank) + 1e15, ARGV[5])
local due = stored and redis.call("ZSCORE", KEYS[1], stored)

if ARGV[2] ~= "" then
  local ahead = earlier(KEYS[1], ARGV[2], ARGV[4])
  if due and (tonumber(due) < tonumber(ARGV[2]) or tonumber(due) == tonumber(ARGV[2]) and stored < ARGV[4]) then
    ahead = ahead - 1
  end
  return ahead
end

-- Of lower rank are these, …
local ahead = earlier(KEYS[2], ARGV[3], ARGV[5])
if rank and (tonumber(rank) < tonumber(ARGV[3])) then
  ahead = ahead - 1
end
-- … and due, though not of lower rank, are those of lower priority …
for i = 4, #KEYS do
  ahead = ahead + redis.call("ZCOUNT", KEYS[i], "-inf", ARGV[1])
  if due and tonumber(due) <= tonumber(ARGV[1]) and redis.call("ZSCORE", KEYS[i], stored) then
    ahead = ahead - 1
  end
end
-- … and, of the same priority, those behind.
local all = redis.call("ZCOUNT", KEYS[3], "-inf", ARGV[1])
if all == 0 then
  return ahead
end
local first = redis.call("ZCOUNT", KEYS[2], "-inf", "(" .. ARGV[6])
local before = earlier(KEYS[2], ARGV[3], ARGV[5])
local last = redis.call("ZCOUNT", KEYS[2], "-inf", ARGV[7])
local function countDue(from, to)
  local n, page = 0, 256
  while from < to do
    local members = redis.call("ZRANGE", KEYS[2], from, math.min(from + page, to) - 1, "WITHSCORES")
    for i = 1, #members, 2 do
      if members[i] ~= ARGV[5] then
        local member = string.format("%016.0f:%s", tonumber(members[i + 1]) + 1e15, members[i])
        local at = redis.call("ZSCORE", KEYS[3], member)
        if at and tonumber(at) <= tonumber(ARGV[1]) then
          n = n + 1
        end
      end
    end
    from = from + page
  end
  return n
end
if last - before <= before - first then
  return ahead + countDue(before, last)
end
if due and tonumber(due) <= tonumber(ARGV[1]) and redis.call("ZSCORE", KEYS[3], stored) then
  all = all - 1
end
return ahead + all - countDue(first, before)
