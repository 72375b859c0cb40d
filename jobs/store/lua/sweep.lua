-- sweep: mark what live jobs refer to, and remove what was found to be nobody's a grace ago, and still is after a whole
-- pass over all keys (begun at before_ms) that marked the blobs of every live job
-- KEYS: queue wake workers found
-- ARGV: grace_ms before_ms job_prefix blob_prefix lease_prefix arq_job_prefix kind_name...
-- returns: {kind, name...} of what was removed
local queue, wake, workers, found = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local grace, before = tonumber(ARGV[1]), tonumber(ARGV[2])
local jobs, blobs, leases, calls = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- first a write that a full Redis allows: this is what makes room (see claim)
local forget = grace + 14 * 86400000
redis.call('ZREMRANGEBYSCORE', found, '-inf', now - forget)
local removed = {}

local function endless(key) return redis.call('PTTL', key) == -1 end
local function known(id) return redis.call('EXISTS', jobs .. id) == 1 end

local nobodys = {
  blob = function(key) -- no frame holds it, and no live job has named it in the last whole pass
    local held = redis.call('HMGET', key, 'until', 'seen')
    return endless(key) and tonumber(held[1] or 0) <= now and tonumber(held[2] or 0) < before
  end,
  part = function(key) return endless(key) and not known(string.match(key, '^' .. jobs .. '(.+):%a+$')) end,
  call = function(key)
    local id = string.sub(key, #calls + 1)
    return endless(key) and not known(id) and not redis.call('ZSCORE', queue, id)
  end,
  lease = function(key) return endless(key) end,
  entry = function(id)
    return redis.call('ZSCORE', queue, id) and not known(id)
      and redis.call('EXISTS', calls .. id, leases .. id) == 0
  end,
}

local function mark(key) -- a live job's record: its blobs are not nobody's
  if not endless(key) then return end
  for blob in string.gmatch(redis.call('HGET', key, 'blobs') or '', '%S+') do
    if redis.call('EXISTS', blobs .. blob) == 1 then redis.call('HSET', blobs .. blob, 'seen', now) end
  end
end

local function judge(kind, name)
  local member = kind .. ' ' .. name
  local first = redis.call('ZSCORE', found, member)
  if not nobodys[kind](name) then
    if first then redis.call('ZREM', found, member) end
  elseif not first then
    redis.call('ZADD', found, now, member)
  elseif now - tonumber(first) >= grace and tonumber(first) <= before then
    if kind == 'entry' then redis.call('ZREM', queue, name) else redis.call('UNLINK', name) end
    redis.call('ZREM', found, member)
    removed[#removed + 1] = kind
    removed[#removed + 1] = name
  end
end

for i = 7, #ARGV, 2 do
  if ARGV[i] == 'record' then mark(ARGV[i + 1]) else judge(ARGV[i], ARGV[i + 1]) end
end
redis.call('PEXPIRE', found, forget)

if redis.call('LLEN', wake) > 1 then
  redis.call('LTRIM', wake, 0, 0)
  removed[#removed + 1] = 'wake'
  removed[#removed + 1] = wake
end
redis.call('ZREMRANGEBYSCORE', workers, '-inf', now)
if endless(workers) then redis.call('PEXPIRE', workers, forget) end
return removed
