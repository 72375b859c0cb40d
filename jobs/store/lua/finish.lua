-- finish: the one terminal transition of a job, for the attempt that holds its token; sent again, it answers "done" again
-- with: events reports ledger dependents terminal
-- KEYS: job inputs result reports events arq_job lease retry queue logs
-- ARGV: id token state outcome report result result_blobs result_ttl_ms record_ttl_ms blob_prefix channel product stored
-- returns: {"done"|"refused"|"gone", version}; gone: a blob of the result has expired meanwhile, nothing was changed
local id, token, state, result_blobs, blob_prefix = ARGV[1], ARGV[2], ARGV[3], ARGV[7], ARGV[10]
local record = redis.call('HMGET', KEYS[1], 'token', 'state', 'version')
if record[1] ~= token then return {'refused', record[3] or 0} end
if record[2] ~= 'running' then return {record[2] == state and 'done' or 'refused', record[3]} end
for blob in string.gmatch(result_blobs, '%S+') do
  if redis.call('EXISTS', blob_prefix .. blob) == 0 then return {'gone', record[3]} end
end
return {'done', terminate(id, state, ARGV[4], ARGV[5], ARGV[6], result_blobs, tonumber(ARGV[8]), tonumber(ARGV[9]),
  blob_prefix, ARGV[11], ARGV[12], tonumber(ARGV[13]))}
