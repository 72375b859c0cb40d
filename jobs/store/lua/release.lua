-- release: an attempt gives its job back, due after delay_ms; a refunded attempt does not count
-- with: events reports
-- KEYS: job reports events lease queue wake
-- ARGV: id token delay_ms refund report channel
-- returns: {"done"|"refused", version}
local job, id, refund = KEYS[1], ARGV[1], ARGV[4] == '1'
local record = redis.call('HMGET', job, 'token', 'state', 'version', 'attempt', 'created_ms', 'cancel_ms')
if record[1] ~= ARGV[2] then return {'refused', record[3] or 0} end
if record[2] == 'queued' then return {'done', record[3]} end
if record[2] ~= 'running' then return {'refused', record[3]} end

-- first a write that a full Redis allows: a drain must not lose the job's try (see claim)
redis.call('DEL', KEYS[4])
local version = redis.call('HINCRBY', job, 'version', 1)
redis.call('HSET', job, 'state', 'queued')
redis.call('HDEL', job, 'progress')
if refund then redis.call('HINCRBY', job, 'attempt', -1) end
if ARGV[5] ~= '' then keep_report(KEYS[2], ARGV[5]) end
-- without a delay it takes its old place in the line; one that is to be canceled need not wait for that
local delay = record[6] and 0 or tonumber(ARGV[3])
redis.call('ZADD', KEYS[5], delay > 0 and clock() + delay or record[5] or clock(), id)
-- a job that a deploy hands back is queued as it was before; one that failed is tried again
announce(KEYS[3], ARGV[6], id, refund and 'job.queued' or 'job.retrying', 'queued', version, record[4])
rouse(KEYS[6])
return {'done', version}
