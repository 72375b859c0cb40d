-- finish: the one terminal transition of a job, for the attempt that holds its token; sent again, it answers "done" again
-- KEYS: job inputs result reports events arq_job lease retry queue logs
-- ARGV: id token state outcome report result result_blob result_ttl_ms record_ttl_ms blob_prefix channel
-- returns: {"done"|"refused"|"gone", version}; gone: the result's blob has expired meanwhile, nothing was changed
local job, inputs, result, reports, events = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local id, token, state, result_ttl, record_ttl = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[8]), tonumber(ARGV[9])
local record = redis.call('HMGET', job, 'token', 'state', 'version', 'blobs', 'attempt')
if record[1] ~= token then return {'refused', record[3] or 0} end
if record[2] ~= 'running' then return {record[2] == state and 'done' or 'refused', record[3]} end
if ARGV[7] ~= '' and redis.call('EXISTS', ARGV[10] .. ARGV[7]) == 0 then return {'gone', record[3]} end

-- first a write that a full Redis allows: the end of a job is what makes room (see claim)
redis.call('DEL', KEYS[6], KEYS[7], KEYS[8])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local version = redis.call('HINCRBY', job, 'version', 1)
redis.call('HSET', job, 'state', state, 'finished_ms', now, 'expires_ms', now + result_ttl, 'outcome', ARGV[4])
if ARGV[5] ~= '' then redis.call('RPUSH', reports, ARGV[5]) end
if ARGV[6] ~= '' then redis.call('SET', result, ARGV[6], 'PX', result_ttl) end
if ARGV[7] ~= '' then redis.call('PEXPIRE', ARGV[10] .. ARGV[7], result_ttl) end
redis.call('XADD', events, '*', 'type', 'job.' .. state, 'state', state, 'version', version, 'attempt', record[5])
for blob in string.gmatch(record[4], '%S+') do
  local key = ARGV[10] .. blob
  if redis.call('EXISTS', key) == 1 and redis.call('HINCRBY', key, 'refs', -1) <= 0 then
    redis.call('PEXPIREAT', key, math.max(tonumber(redis.call('HGET', key, 'until') or 0), now + result_ttl))
  end
end
redis.call('ZREM', KEYS[9], id)
redis.call('PEXPIRE', inputs, result_ttl)
for _, key in ipairs({job, reports, events, KEYS[10]}) do redis.call('PEXPIRE', key, result_ttl + record_ttl) end
redis.call('PUBLISH', ARGV[11], id .. ' ' .. version .. ' ' .. state)
return {'done', version}
