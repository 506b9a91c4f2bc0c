#!lua
-- Adds to a counter that lives from its first count on.
-- KEYS: 1 the counter, 2 the mark of this attempt (same slot; left out while that moves)
-- ARGV: 1 what to add; 2 milliseconds the counter lives; 3 milliseconds the mark lives
-- Returns the sum: the answer of the first try.
local first = KEYS[2] and redis.call('GET', KEYS[2])
if first then
  return tonumber(first)
end
local sum = redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) == -1 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
if KEYS[2] then
  redis.call('SET', KEYS[2], sum, 'PX', ARGV[3])
end
return sum
