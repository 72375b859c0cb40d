-- cancel: a job that nobody runs ends here; one that runs is marked, and its worker told. Sent again, it changes nothing
-- with: events reports ledger dependents terminal
-- KEYS: job inputs result reports events arq_job lease retry queue logs
-- ARGV: id outcome result_ttl_ms record_ttl_ms blob_prefix channel cancels
-- returns: {"unknown"|"ended"|"canceled"|"asked", version}
local id, channel = ARGV[1], ARGV[6]
local record = redis.call('HMGET', KEYS[1], 'state', 'version', 'attempt', 'cancel_ms')
local state = record[1]
if not state then return {'unknown', 0} end
if state == 'succeeded' or state == 'failed' or state == 'canceled' then return {'ended', record[2]} end
-- a full Redis must not keep a job from being canceled: its end is what makes room (see claim)
redis.call('HDEL', KEYS[1], 'progress')
if not record[4] then redis.call('HSET', KEYS[1], 'cancel_ms', clock()) end
if state ~= 'running' then
  return {'canceled', terminate(id, 'canceled', ARGV[2], '', '', '', tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5], channel, '', 0)}
end
local version = record[2]
if not record[4] then
  version = redis.call('HINCRBY', KEYS[1], 'version', 1)
  redis.call('PUBLISH', channel, id .. ' ' .. version .. ' running')
end
redis.call('PUBLISH', ARGV[7], id)
return {'asked', version}
