#!lua flags=allow-oom
-- Deletes an entry, and remembers for a while what this attempt found.
-- KEYS: 1 the entry, 2 the mark of this attempt (same slot; left out while that moves)
-- ARGV: 1 milliseconds the mark lives
-- Returns 1 if there was an entry, else 0: the answer of the first try.
local first = KEYS[2] and redis.call('GET', KEYS[2])
if first then
  return tonumber(first)
end
local found = redis.call('DEL', KEYS[1])
if KEYS[2] then
  redis.call('SET', KEYS[2], found, 'PX', ARGV[1])
end
return found
