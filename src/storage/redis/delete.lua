#!lua flags=allow-oom
-- Deletes an entry, and remembers for a while what this attempt found.
-- KEYS: 1 the entry, 2 the mark of this attempt (same slot)
-- ARGV: 1 milliseconds the mark lives
-- Returns 1 if there was an entry, else 0: the answer of the first try.
local first = redis.call('GET', KEYS[2])
if first then
  return tonumber(first)
end
local found = redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[2], found, 'PX', ARGV[1])
return found
