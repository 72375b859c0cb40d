-- enqueue: ARQ's enqueue_job for plain ARQ functions in one call, and the wake token
-- KEYS: arq_job arq_result queue wake
-- ARGV: id arq_job score expires_ms
-- returns: 1 enqueued (or it was, by this very call sent before), 0 where a job or a result with this id is there
if redis.call('GET', KEYS[1]) == ARGV[2] then return 1 end
if redis.call('EXISTS', KEYS[1], KEYS[2]) > 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[4])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
if redis.call('LLEN', KEYS[4]) == 0 then redis.call('LPUSH', KEYS[4], 1) end
return 1
