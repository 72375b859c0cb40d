-- remove: an ended job and all that is its own, with the blobs that no frame and no other job holds
-- with: events
-- KEYS: job arq_job lease retry queue index...
-- ARGV: id parts blob_prefix result_blobs
-- returns: "removed", "live", or "unknown" where it is gone already (a lost answer, sent again)
local job, id, prefix = KEYS[1], ARGV[1], ARGV[3]
local record = redis.call('HMGET', job, 'state', 'blobs', 'idem')
local state = record[1]
if not state then return 'unknown' end
if state ~= 'succeeded' and state ~= 'failed' and state ~= 'canceled' then return 'live' end

-- first a write that a full Redis allows: this is what makes room (see claim)
redis.call('UNLINK', job, KEYS[2], KEYS[3], KEYS[4])
for part in string.gmatch(ARGV[2], '%S+') do redis.call('UNLINK', job .. ':' .. part) end
if record[3] then redis.call('UNLINK', record[3]) end
for i = 5, #KEYS do redis.call('ZREM', KEYS[i], id) end

local now = clock()
local function let_go(blob, counted) -- see terminal for what the fields say
  local key = prefix .. blob
  local held = redis.call('HMGET', key, 'refs', 'until', 'ended')
  local others = tonumber(held[3] or 0)
  if counted and others > 0 then others = redis.call('HINCRBY', key, 'ended', -1) end
  if tonumber(held[1] or 0) <= 0 and tonumber(held[2] or 0) <= now and others <= 0 then redis.call('UNLINK', key) end
end
for blob in string.gmatch(record[2] or '', '%S+') do let_go(blob, true) end
for blob in string.gmatch(ARGV[4], '%S+') do let_go(blob, false) end
return 'removed'
