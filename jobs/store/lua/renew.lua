-- renew: move the ends of leases that are still held, and say which are not
-- KEYS: queue workers
-- ARGV: lease_ms job_prefix lease_prefix worker id_token...
-- returns: {"held"|"lost"|"cancel"...} in the order of the arguments
local queue, workers = KEYS[1], KEYS[2]
local lease, jobs, leases = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answers = {}

redis.call('ZREMRANGEBYSCORE', workers, '-inf', now)
redis.call('ZADD', workers, now + 3 * lease, ARGV[4])
redis.call('PEXPIRE', workers, 3 * lease)
for i = 5, #ARGV, 2 do
  local id, token = ARGV[i], ARGV[i + 1]
  local holder = redis.call('GET', leases .. id)
  local record = redis.call('HMGET', jobs .. id, 'token', 'state', 'cancel_ms')
  -- a lease that ran out is taken up again where nobody else has claimed the job meanwhile
  local lapsed = not holder and record[1] == token and record[2] == 'running'
  if holder == token or lapsed then
    redis.call('SET', leases .. id, token, 'PX', lease)
    redis.call('ZADD', queue, 'XX', now + lease, id)
    answers[#answers + 1] = record[3] and 'cancel' or 'held'
  elseif record[1] == token or (not record[2] and not redis.call('ZSCORE', queue, id)) then
    answers[#answers + 1] = 'held' -- it has just ended: there is nothing to renew, and nothing was lost
  else
    answers[#answers + 1] = 'lost'
  end
end
return answers
