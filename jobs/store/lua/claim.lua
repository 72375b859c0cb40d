-- claim: lease as many due jobs as there are free slots and memory for; a leased job's score is its lease's end, so it
-- stands at the queue's head for nobody, and is due again when the lease was not renewed
-- with: events reports weights
-- KEYS: queue wake claimed factors metrics
-- ARGV: slots lease_ms token job_prefix lease_prefix channel busy suspects memory_free memory_total patience_ms arq lost before_ms
-- returns: {now_ms, next due ms or -1, {id, token, score, record fields, inputs, weight, least}...}; a plain ARQ call: {id, token, score, {call, tries, abort}}
local queue, wake, claimed_key, factors = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local slots, lease, token = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
local jobs, leases, channel = ARGV[4], ARGV[5], ARGV[6]
local busy, suspects, free, total = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
local now, taken, offset, answer, ids = clock(), 0, 0, {}, {}
-- it waited longer than was meant (Redis hung): who sent it may be gone, or have let its own leases lapse
if tonumber(ARGV[14]) > 0 and now > tonumber(ARGV[14]) then slots = 0 end
-- the first write of a script decides whether a full Redis refuses it; what frees memory must not be refused
redis.call('ZREMRANGEBYSCORE', queue, '(1', '(1')

local function call(id) -- what ARQ's worker reads before it runs a call, and its count of tries; an abort is used up
  local calls, retries, aborts = string.match(ARGV[12], '(%S+) (%S+) ?(%S*)')
  local asked = aborts ~= '' and redis.call('ZSCORE', aborts, id)
  if asked then redis.call('ZREM', aborts, id) end
  local tries = redis.call('INCR', retries .. id)
  redis.call('EXPIRE', retries .. id, 88400)
  return {redis.call('GET', calls .. id), tries, asked}
end

local function entry(id, mine, score, weight, least)
  local key = jobs .. id
  return {id, mine, score, redis.call('HGETALL', key), redis.call('HGETALL', key .. ':inputs'), weight, least}
end

local last = redis.call('GET', claimed_key)
if last and string.sub(last, 1, #token + 1) == token .. ' ' then -- its answer was lost: the same jobs again
  local calls, retries = string.match(ARGV[12], '(%S+) (%S+)')
  for _, one in ipairs(cjson.decode(string.sub(last, #token + 2))) do
    local id, score, asked = one[1], one[2], one[3]
    local mine, record = token .. ':' .. id, redis.call('HMGET', jobs .. id, 'state', 'sizes')
    if redis.call('GET', leases .. id) ~= mine then -- it lapsed meanwhile, and is due again or somebody else's
    elseif record[1] then
      answer[#answer + 1] = entry(id, mine, score, weigh(factors, record[2]))
    else
      answer[#answer + 1] = {id, mine, score, {redis.call('GET', calls .. id), redis.call('GET', retries .. id), asked or false}}
    end
  end
  return {now, now, unpack(answer)}
end

local function report_lost(key, attempt, token) -- ARGV[13] is a report without its first two fields
  local worker = string.gsub(string.match(token or '', '^[^:]*'), '[^%w._-]', '?')
  keep_report(key .. ':reports', '{"attempt":' .. attempt .. ',"worker":"' .. worker .. '",' .. ARGV[13])
end

local function start(id, mine, record)
  local key, attempt = jobs .. id, tonumber(record.attempt) or 0
  local lost, spared = tonumber(record.lost or 0), tonumber(record.free or 0)
  local version = redis.call('HINCRBY', key, 'version', 1)
  if record.state == 'waiting' then
    announce(key .. ':events', channel, id, 'job.queued', 'queued', version, attempt)
    version = redis.call('HINCRBY', key, 'version', 1)
  elseif record.state == 'running' then -- its lease ran out: the worker is lost, the first time at no cost (see lose)
    if not record.exhausted then -- else it was only to be ended: nothing of it has run
      if lost == 0 then spared = redis.call('HINCRBY', key, 'free', 1) end
      redis.call('HINCRBY', key, 'lost', 1)
      redis.call('HDEL', key, 'evidence')
      redis.call('HINCRBYFLOAT', KEYS[5], 'framequeue_attempts_lost_total', 1)
      redis.call('PEXPIRE', KEYS[5], 2592000000)
      report_lost(key, attempt, record.token)
    end
    announce(key .. ':events', channel, id, 'job.retrying', 'queued', version, attempt)
    version = redis.call('HINCRBY', key, 'version', 1)
  end
  if attempt - spared < (tonumber(record.max_attempts) or 0) then
    attempt = redis.call('HINCRBY', key, 'attempt', 1)
  else -- every try lost its worker: this claim only ends the job
    redis.call('HSET', key, 'exhausted', 1)
  end
  redis.call('HSET', key, 'state', 'running', 'token', mine, 'started_ms', now)
  redis.call('HDEL', key, 'progress')
  announce(key .. ':events', channel, id, 'job.started', 'running', version, attempt)
end

local function look(id)
  local names = {'state', 'attempt', 'max_attempts', 'lost', 'free', 'sizes', 'token', 'exhausted'}
  local values, record = redis.call('HMGET', jobs .. id, unpack(names)), {}
  for i, name in ipairs(names) do record[name] = values[i] or nil end
  -- its worker was lost twice: who is at fault shows best with one such job at a time
  record.suspect = tonumber(record.lost or 0) + (record.state == 'running' and 1 or 0) > 1
  return record
end

local full, PASSED = false, 200 -- how many may be passed over: the rest is for the next look
while taken < slots and not full and offset < PASSED do
  local due = redis.call('ZRANGEBYSCORE', queue, '-inf', now, 'WITHSCORES', 'LIMIT', offset, math.max(slots - taken, 20))
  if #due == 0 then break end
  for i = 1, #due, 2 do
    if taken == slots then break end
    local id, mine, record = due[i], token .. ':' .. due[i], look(due[i])
    local weight, least = weigh(factors, record.sizes)
    local too_big, alone = total > 0 and least > total, busy + taken == 0
    if record.state == 'succeeded' or record.state == 'failed' or record.state == 'canceled' then
      redis.call('ZREM', queue, id)
    elseif record.suspect and suspects == 0 and record.state then
      offset = offset + 1
    elseif total > 0 and weight > 0 and weight > free and not too_big and not alone then
      offset = offset + 1
      -- smaller jobs may pass it, but not for ever
      if now - due[i + 1] > tonumber(ARGV[11]) then full = true break end
    elseif redis.call('SET', leases .. id, mine, 'NX', 'PX', lease) then
      redis.call('ZADD', queue, 'XX', now + lease, id)
      taken = taken + 1
      ids[taken] = {id, due[i + 1]}
      if record.state then
        -- with our own token it is one whose answer was lost for longer than its lease: it has not run yet
        if record.state ~= 'running' or record.token ~= mine then start(id, mine, record) end
        if record.suspect then suspects = suspects - 1 end
        if not too_big then free = free - weight end
        answer[taken] = entry(id, mine, due[i + 1], weight, least)
      else
        answer[taken] = {id, mine, due[i + 1], call(id)}
        ids[taken][3] = answer[taken][4][3] or nil
      end
    else
      offset = offset + 1 -- held by a stock worker, which leaves the score as it was
    end
  end
end
if taken > 0 then redis.call('SET', claimed_key, token .. ' ' .. cjson.encode(ids), 'PX', lease) end

if full or offset >= PASSED then return {now, now + 1000, unpack(answer)} end
local due, head = -1, redis.call('ZRANGE', queue, offset, offset, 'WITHSCORES')
if #head > 0 then
  due = tonumber(head[2])
  if due <= now then rouse(wake) end
end
return {now, due, unpack(answer)}
