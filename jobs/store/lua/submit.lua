-- submit: the whole job, or nothing; the same id again answers what is there (a lost reply may be sent again)
-- with: events
-- KEYS: job inputs events arq_job queue wake
-- ARGV: id spec arq_job delay_ms queue_limit max_attempts blob_prefix blobs channel sizes indexes facts input...
-- returns: {"created"|"known"|"full"|"gone", state or limit or blob, version, created_ms}
local job, inputs, events, arq_job, queue, wake = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local id, delay, blobs = ARGV[1], tonumber(ARGV[4]), ARGV[8]

if redis.call('EXISTS', job) == 1 then
  local known = redis.call('HMGET', job, 'state', 'version', 'created_ms')
  return {'known', known[1], known[2], known[3]}
end
if redis.call('ZCARD', queue) >= tonumber(ARGV[5]) then return {'full', ARGV[5], '0', '0'} end
for blob in string.gmatch(blobs, '%S+') do
  if redis.call('EXISTS', ARGV[7] .. blob) == 0 then return {'gone', blob, '0', '0'} end
end

local now = clock()
local state = delay > 0 and 'waiting' or 'queued'
redis.call('HSET', job, 'spec', ARGV[2], 'state', state, 'version', 1, 'attempt', 0,
  'created_ms', now, 'max_attempts', ARGV[6], 'blobs', blobs, 'sizes', ARGV[10])
for i = 13, #ARGV, 2 do redis.call('HSET', inputs, ARGV[i], ARGV[i + 1]) end
for blob in string.gmatch(blobs, '%S+') do
  redis.call('HINCRBY', ARGV[7] .. blob, 'refs', 1)
  redis.call('PERSIST', ARGV[7] .. blob)
end
redis.call('SET', arq_job, ARGV[3])
redis.call('HSET', job, unpack(cjson.decode(ARGV[12])))
for index in string.gmatch(ARGV[11], '%S+') do redis.call('ZADD', index, now, id) end
redis.call('ZADD', queue, now + delay, id)
if state == 'queued' then
  announce(events, ARGV[9], id, 'job.queued', state, 1, 0)
else
  redis.call('PUBLISH', ARGV[9], id .. ' 1 ' .. state)
end
rouse(wake)
return {'created', state, '1', tostring(now)}
