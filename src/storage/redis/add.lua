#!lua
-- Puts a member into a set until the later of the times it was given; forgets those whose time is over.
-- KEYS: 1 the set, sorted by expiry
-- ARGV: 1 the member; 2 its expiry; 3 now (both NumericDates)
-- Returns 1.
-- First what keeps the set there: a script must not come to lack a key in a slot that is moving.
redis.call('ZADD', KEYS[1], 'GT', ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
-- How long, not until when: the clock of Redis may differ from the nodes'.
local lives = (tonumber(ARGV[2]) - tonumber(ARGV[3])) * 1000
if redis.call('PTTL', KEYS[1]) < lives then
  redis.call('PEXPIRE', KEYS[1], lives)
end
return 1
