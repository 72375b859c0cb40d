-- claim: lease as many due jobs as there are free slots; a leased job's score is its lease's end, so it stands at the
-- queue's head for nobody, and is due again when the lease was not renewed
-- KEYS: queue wake
-- ARGV: slots lease_ms token job_prefix lease_prefix channel lost
-- returns: {now_ms, next due ms or -1, {id, token, score, record fields or nil, inputs or nil}...}
local queue, wake = KEYS[1], KEYS[2]
local slots, lease, token = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local jobs, leases, channel = ARGV[4], ARGV[5], ARGV[6]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local claimed, taken, offset = {now, -1}, 0, 0
-- the first write of a script decides whether a full Redis refuses it; what frees memory must not be refused
redis.call('ZREMRANGEBYSCORE', queue, '(1', '(1')

local function announce(id, kind, state, version, attempt)
  redis.call('XADD', jobs .. id .. ':events', '*', 'type', kind, 'state', state, 'version', version, 'attempt', attempt)
  redis.call('PUBLISH', channel, id .. ' ' .. version .. ' ' .. state)
end

-- ARGV[7] is a report without its first two fields; the first five reports and the last fifteen stay (see release)
local function report_lost(reports, attempt, token)
  local worker = string.gsub(string.match(token or '', '^[^:]*'), '[^%w._-]', '?')
  local report = '{"attempt":' .. attempt .. ',"worker":"' .. worker .. '",' .. ARGV[7]
  if redis.call('RPUSH', reports, report) > 20 then
    redis.call('LSET', reports, 5, '')
    redis.call('LREM', reports, 1, '')
  end
end

local function start(id, mine)
  local key = jobs .. id
  local before = redis.call('HMGET', key, 'state', 'attempt', 'max_attempts', 'token')
  local version = redis.call('HINCRBY', key, 'version', 1)
  if before[1] == 'waiting' then
    announce(id, 'job.queued', 'queued', version, before[2])
    version = redis.call('HINCRBY', key, 'version', 1)
  elseif before[1] == 'running' then -- its lease ran out: the worker is lost
    redis.call('HINCRBY', key, 'lost', 1)
    report_lost(key .. ':reports', before[2], before[4])
    announce(id, 'job.retrying', 'queued', version, before[2])
    version = redis.call('HINCRBY', key, 'version', 1)
  end
  local attempt = before[2]
  if tonumber(attempt) < tonumber(before[3]) then
    attempt = redis.call('HINCRBY', key, 'attempt', 1)
  else -- every try lost its worker: this claim only ends the job
    redis.call('HSET', key, 'exhausted', 1)
  end
  redis.call('HSET', key, 'state', 'running', 'token', mine, 'started_ms', now)
  redis.call('HDEL', key, 'progress')
  announce(id, 'job.started', 'running', version, attempt)
end

while taken < slots do
  local due = redis.call('ZRANGEBYSCORE', queue, '-inf', now, 'WITHSCORES', 'LIMIT', offset, math.max(slots - taken, 20))
  if #due == 0 then break end
  for i = 1, #due, 2 do
    if taken == slots then break end
    local id, mine = due[i], token .. ':' .. due[i]
    local state = redis.call('HGET', jobs .. id, 'state')
    if state == 'succeeded' or state == 'failed' or state == 'canceled' then
      redis.call('ZREM', queue, id)
    elseif redis.call('SET', leases .. id, mine, 'NX', 'PX', lease) then
      redis.call('ZADD', queue, 'XX', now + lease, id)
      taken = taken + 1
      if state then
        start(id, mine)
        claimed[#claimed + 1] = {id, mine, due[i + 1], redis.call('HGETALL', jobs .. id), redis.call('HGETALL', jobs .. id .. ':inputs')}
      else
        claimed[#claimed + 1] = {id, mine, due[i + 1]}
      end
    else
      offset = offset + 1 -- held by a stock worker, which leaves the score as it was
    end
  end
end

local head = redis.call('ZRANGE', queue, offset, offset, 'WITHSCORES')
if #head > 0 then
  claimed[2] = tonumber(head[2])
  if claimed[2] <= now and redis.call('LLEN', wake) == 0 then redis.call('LPUSH', wake, 1) end
end
return claimed
