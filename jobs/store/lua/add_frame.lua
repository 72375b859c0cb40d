-- add_frame: an uploaded frame, and the lives of its blobs
-- KEYS: frame
-- ARGV: record ttl_ms blob_prefix blob...
-- returns: {"done"|"gone", created_ms or blob}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ttl = tonumber(ARGV[2])
for i = 4, #ARGV do
  if redis.call('EXISTS', ARGV[3] .. ARGV[i]) == 0 then return {'gone', ARGV[i]} end
end
redis.call('HSET', KEYS[1], 'record', ARGV[1], 'created_ms', now, 'expires_ms', now + ttl)
redis.call('PEXPIRE', KEYS[1], ttl)
for i = 4, #ARGV do
  local key = ARGV[3] .. ARGV[i]
  redis.call('HSET', key, 'until', now + ttl)
  if tonumber(redis.call('HGET', key, 'refs') or 0) <= 0 then redis.call('PEXPIREAT', key, now + ttl) end
end
return {'done', tostring(now)}
