#!lua
-- Writes an entry if the version that was seen is still there.
-- KEYS: 1 the entry; 2 the mark that this attempt lost (same slot; left out while that moves)
-- ARGV: 1 this attempt, which becomes the version; 2 the version seen, '' for absence;
--       3 the encoded entry; 4 milliseconds it lives, '' for ever; 5 milliseconds a mark lives;
--       6 '1' when an earlier try of this attempt may have been done
-- Returns 1: written, now or then; 0: lost, now or then; -1: nobody can tell how the earlier try ended.
local held = string.match(redis.call('GETRANGE', KEYS[1], 0, 63), '^[^|]*')
if held == ARGV[1] then
  return 1
end
if ARGV[6] == '1' and KEYS[2] and redis.call('EXISTS', KEYS[2]) == 1 then
  return 0
end
-- After an earlier try, only the version seen proves that it was not done: another version, or absence,
-- may also be what somebody made of our own write.
if ARGV[6] == '1' and (held ~= ARGV[2] or held == '') then
  return -1
end
if held ~= ARGV[2] then
  if KEYS[2] then
    redis.call('SET', KEYS[2], '', 'PX', ARGV[5])
  end
  return 0
end
if ARGV[4] == '' then
  redis.call('SET', KEYS[1], ARGV[3])
else
  redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
end
return 1
