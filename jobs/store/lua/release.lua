-- release: an attempt gives its job back, due after delay_ms; a refunded attempt does not count
-- KEYS: job reports events lease queue wake
-- ARGV: id token delay_ms refund report channel
-- returns: {"done"|"refused", version}
local job, reports, events, lease, queue, wake = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local id, delay = ARGV[1], tonumber(ARGV[3])
local record = redis.call('HMGET', job, 'token', 'state', 'version', 'attempt')
if record[1] ~= ARGV[2] then return {'refused', record[3] or 0} end
if record[2] == 'queued' then return {'done', record[3]} end
if record[2] ~= 'running' then return {'refused', record[3]} end

-- first a write that a full Redis allows: a drain must not lose the job's try (see claim)
redis.call('DEL', lease)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local version = redis.call('HINCRBY', job, 'version', 1)
redis.call('HSET', job, 'state', 'queued')
redis.call('HDEL', job, 'progress')
if ARGV[4] == '1' then redis.call('HINCRBY', job, 'attempt', -1) end
-- the first five reports and the last fifteen stay
if ARGV[5] ~= '' and redis.call('RPUSH', reports, ARGV[5]) > 20 then
  redis.call('LSET', reports, 5, '')
  redis.call('LREM', reports, 1, '')
end
redis.call('XADD', events, '*', 'type', 'job.retrying', 'state', 'queued', 'version', version, 'attempt', record[4])
redis.call('ZADD', queue, now + delay, id)
if redis.call('LLEN', wake) == 0 then redis.call('LPUSH', wake, 1) end
redis.call('PUBLISH', ARGV[6], id .. ' ' .. version .. ' queued')
return {'done', version}
