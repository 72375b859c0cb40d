-- progress: how far the attempt that holds the token is
-- KEYS: job events
-- ARGV: id token progress channel
-- returns: {"done"|"refused", version}
local record = redis.call('HMGET', KEYS[1], 'token', 'state', 'version', 'attempt')
if record[1] ~= ARGV[2] or record[2] ~= 'running' then return {'refused', record[3] or 0} end
if redis.call('HGET', KEYS[1], 'progress') == ARGV[3] then return {'done', record[3]} end
local version = redis.call('HINCRBY', KEYS[1], 'version', 1)
redis.call('HSET', KEYS[1], 'progress', ARGV[3])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 1000, '*', 'type', 'job.progress', 'state', 'running', 'version', version,
  'attempt', record[4], 'progress', ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[1] .. ' ' .. version .. ' running')
return {'done', version}
