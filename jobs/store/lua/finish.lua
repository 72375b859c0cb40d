-- finish: the one terminal transition of a job, for the attempt that holds its token; sent again, it answers "done" again
-- with: events reports dependents ledger terminal
-- KEYS: job inputs result reports events arq_job lease retry queue logs
-- ARGV: id token state outcome report result result_blob result_ttl_ms record_ttl_ms blob_prefix channel product
-- returns: {"done"|"refused"|"gone", version}; gone: the result's blob has expired meanwhile, nothing was changed
local id, token, state, result_blob, blob_prefix = ARGV[1], ARGV[2], ARGV[3], ARGV[7], ARGV[10]
local record = redis.call('HMGET', KEYS[1], 'token', 'state', 'version')
if record[1] ~= token then return {'refused', record[3] or 0} end
if record[2] ~= 'running' then return {record[2] == state and 'done' or 'refused', record[3]} end
if result_blob ~= '' and redis.call('EXISTS', blob_prefix .. result_blob) == 0 then return {'gone', record[3]} end
return {'done', terminate(id, state, ARGV[4], ARGV[5], ARGV[6], result_blob, tonumber(ARGV[8]), tonumber(ARGV[9]),
  blob_prefix, ARGV[11], ARGV[12])}
