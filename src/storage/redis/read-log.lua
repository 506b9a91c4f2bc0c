#!lua flags=no-writes
-- Reads a stretch of a log.
-- KEYS: 1 the log
-- ARGV: 1 the number to begin after; 2 how many at most
-- Returns { last number ever, first number held, number, JSON, number, JSON, ... }.
if redis.call('EXISTS', KEYS[1]) == 0 then
  return { 0, 1 }
end
local about = redis.call('XINFO', 'STREAM', KEYS[1])
local facts = {}
for n = 1, #about, 2 do
  facts[about[n]] = about[n + 1]
end
local last = tonumber(string.sub(facts['last-generated-id'], 3))
local oldest = facts['first-entry']
local page = { last, oldest and tonumber(string.sub(oldest[1], 3)) or last + 1 }
local entries = redis.call('XRANGE', KEYS[1], '(0-' .. ARGV[1], '+', 'COUNT', ARGV[2])
for _, entry in ipairs(entries) do
  page[#page + 1] = tonumber(string.sub(entry[1], 3))
  page[#page + 1] = entry[2][2]
end
return page
