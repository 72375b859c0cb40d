-- add_frame: an uploaded frame, and the lives of its blobs; or the frame that the same request made before
-- with: ledger
-- KEYS: frame idem stored
-- ARGV: id record ttl_ms blob_prefix frame_prefix fingerprint idem_ttl_ms stored_quota bytes blob...
-- returns: {"done"|"gone"|"replayed"|"mismatch", created_ms, blob or id of the frame}, or {"much", stored, more, ms}
local idem, ttl, blobs, BLOBS = KEYS[2], tonumber(ARGV[3]), ARGV[4], 10
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local kept = idem ~= '' and redis.call('GET', idem)
if kept then
  local first, id = string.match(kept, '^(%S+) (%S+)$')
  if first ~= ARGV[6] then return {'mismatch', ''} end
  if id ~= ARGV[1] and redis.call('EXISTS', ARGV[5] .. id) == 1 then return {'replayed', id} end
end
for i = BLOBS, #ARGV do
  if redis.call('EXISTS', blobs .. ARGV[i]) == 0 then return {'gone', ARGV[i]} end
end
if KEYS[3] ~= '' and redis.call('EXISTS', KEYS[1]) == 0 then
  local refused = stored_too_much(KEYS[3], tonumber(ARGV[9]), tonumber(ARGV[8]), now)
  if refused then return refused end
  store_more(KEYS[3], ARGV[1], ARGV[9], now + ttl)
end
redis.call('HSET', KEYS[1], 'record', ARGV[2], 'created_ms', now, 'expires_ms', now + ttl)
redis.call('PEXPIRE', KEYS[1], ttl)
for i = BLOBS, #ARGV do
  local key = blobs .. ARGV[i]
  redis.call('HSET', key, 'until', now + ttl)
  if tonumber(redis.call('HGET', key, 'refs') or 0) <= 0 then redis.call('PEXPIREAT', key, now + ttl) end
end
if idem ~= '' then redis.call('SET', idem, ARGV[6] .. ' ' .. ARGV[1], 'PX', ARGV[7]) end
return {'done', tostring(now)}
