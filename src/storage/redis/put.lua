#!lua flags=allow-oom
-- Writes an entry; a script only so that it may be let through when memory is full.
-- KEYS: 1 the entry
-- ARGV: 1 the encoded entry; 2 milliseconds it lives, '' for ever
-- Returns 1.
if ARGV[2] == '' then
  redis.call('SET', KEYS[1], ARGV[1])
else
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return 1
