-- lose: a worker process is gone, and what it held is due again at once; one page of the queue for each call
-- Leased entries stand between now and one lease from now. The jobs named are looked at first, also where their lease
-- has ended meanwhile. A refunded attempt does not count; of the others a job's first is free, and each leaves its report.
-- with: events reports
-- KEYS: queue wake
-- ARGV: prefix refund lease_ms from skip page report evidence job_prefix lease_prefix retry_prefix channel id...
-- returns: {jobs given back, next from or "" at the end, next skip}
local queue, wake = KEYS[1], KEYS[2]
local prefix, refund, from, skip, page = ARGV[1], ARGV[2] == '1', ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6])
local jobs, leases, channel = ARGV[9], ARGV[10], ARGV[12]
local now, given = clock(), 0
-- a write that a full Redis allows (see claim)
redis.call('ZREMRANGEBYSCORE', queue, '(1', '(1')

local function ours(token)
  return token and string.sub(token, 1, #prefix) == prefix
end

local function back(id)
  local key = jobs .. id
  local record = redis.call('HMGET', key, 'state', 'token', 'attempt', 'exhausted', 'created_ms')
  redis.call('DEL', leases .. id)
  if not record[1] then -- a plain ARQ call: ARQ counts its tries itself, when it begins to run one
    local retry = ARGV[11] .. id
    if refund and tonumber(redis.call('GET', retry) or 0) > 0 then redis.call('DECR', retry) end
    redis.call('ZADD', queue, 'XX', now, id)
    given = given + 1
  elseif record[1] == 'running' and ours(record[2]) then
    local version = redis.call('HINCRBY', key, 'version', 1)
    redis.call('HSET', key, 'state', 'queued')
    redis.call('HDEL', key, 'progress')
    if refund then -- a claim that was only to end the job has not counted one
      if not record[4] then redis.call('HINCRBY', key, 'attempt', -1) end
    elseif not record[4] then
      if redis.call('HINCRBY', key, 'lost', 1) == 1 then redis.call('HINCRBY', key, 'free', 1) end
      redis.call('HSET', key, 'evidence', ARGV[8])
      keep_report(key .. ':reports', (string.gsub(ARGV[7], '^{"attempt":%d+', '{"attempt":' .. record[3])))
    end
    redis.call('ZADD', queue, record[5] or now, id) -- its old place in the line
    announce(key .. ':events', channel, id, refund and 'job.queued' or 'job.retrying', 'queued', version, record[3])
    given = given + 1
  end
end

for i = 13, #ARGV do
  local holder = redis.call('GET', leases .. ARGV[i])
  if ours(holder) or (not holder and ours(redis.call('HGET', jobs .. ARGV[i], 'token'))) then back(ARGV[i]) end
end
if from == '' then from = now end
local last, at_last = from, skip
local entries = redis.call('ZRANGEBYSCORE', queue, from, now + tonumber(ARGV[3]), 'WITHSCORES', 'LIMIT', skip, page)
for i = 1, #entries, 2 do
  local id, score = entries[i], entries[i + 1]
  if ours(redis.call('GET', leases .. id)) then
    back(id)
  else -- what was given back stands before the next page; what stays is passed over by it
    if score ~= last then last, at_last = score, 0 end
    at_last = at_last + 1
  end
end
-- the lost worker may have taken the token, too
rouse(wake)
if #entries < 2 * page then return {given, '', 0} end
return {given, tostring(last), at_last}
