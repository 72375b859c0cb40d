-- remove: an ended job and all that is its own, with the blobs that no frame and no other job holds
-- with: events ledger
-- KEYS: job arq_job lease retry queue index...
-- ARGV: id parts blob_prefix result_blobs
-- returns: "removed", "live", or "unknown" where it is gone already (a lost answer, sent again)
local job, id, prefix = KEYS[1], ARGV[1], ARGV[3]
local record = redis.call('HMGET', job, 'state', 'blobs', 'idem', 'expires_ms', 'stored')
local state = record[1]
if not state then return 'unknown' end
if state ~= 'succeeded' and state ~= 'failed' and state ~= 'canceled' then return 'live' end

-- first a write that a full Redis allows: this is what makes room (see claim)
redis.call('UNLINK', job, KEYS[2], KEYS[3], KEYS[4])
for part in string.gmatch(ARGV[2], '%S+') do redis.call('UNLINK', job .. ':' .. part) end
-- the same Idempotency-Key may have made others, with this one or since
local made = record[3] and redis.call('GET', record[3])
if made and string.match(made, '^%S+ (%S+)$') == id then redis.call('UNLINK', record[3]) end
for i = 5, #KEYS do redis.call('ZREM', KEYS[i], id) end
if record[5] then store_no_more(record[5], id) end

local now = clock()
local function holders(key) -- see terminal for what the fields say
  local held = redis.call('HMGET', key, 'refs', 'until', 'ended')
  return tonumber(held[1] or 0), tonumber(held[2] or 0), tonumber(held[3] or 0)
end
local function let_go(key)
  local refs, held_until, others = holders(key)
  if refs <= 0 and held_until <= now and others <= 0 then redis.call('UNLINK', key) end
end

for blob in string.gmatch(record[2] or '', '%S+') do
  local _, _, others = holders(prefix .. blob)
  if others > 0 then redis.call('HINCRBY', prefix .. blob, 'ended', -1) end
  let_go(prefix .. blob)
end
for blob in string.gmatch(ARGV[4], '%S+') do
  local _, held_until = holders(prefix .. blob)
  -- kept for as long as this job would have had it, for jobs that read its result
  if held_until > 0 and held_until == tonumber(record[4]) then redis.call('HSET', prefix .. blob, 'until', 0) end
  let_go(prefix .. blob)
end
return 'removed'
