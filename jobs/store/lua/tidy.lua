-- tidy: a page of an index, the oldest first: entries whose job's record is gone are removed
-- KEYS: index
-- ARGV: job_prefix from page
-- returns: {entries kept, entries removed}
local from, removed = tonumber(ARGV[2]), {}
local entries = redis.call('ZRANGE', KEYS[1], from, from + tonumber(ARGV[3]) - 1)
for _, id in ipairs(entries) do
  if redis.call('EXISTS', ARGV[1] .. id) == 0 then removed[#removed + 1] = id end
end
for _, id in ipairs(removed) do redis.call('ZREM', KEYS[1], id) end
return {#entries - #removed, #removed}
