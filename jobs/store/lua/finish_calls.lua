-- finish_calls: the ends of plain ARQ calls, each fenced by its token; what is left are the keys that ARQ leaves
-- KEYS: queue wake abort
-- ARGV: job_prefix lease_prefix retry_prefix result_prefix end...
-- an end: id, token, result, and `tries done ttl_ms score keep_ms counted`; ttl_ms 0: for ever; keep_ms 0: no lease is left
-- returns: {1 written, 0 refused: another attempt has the call}, in the order of the ends
local queue, wake, abort = KEYS[1], KEYS[2], KEYS[3]
local jobs, leases, retries, results = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answers = {}
-- first a write that a full Redis allows, since an end is what makes room (see claim): aborts of a day ago are void
redis.call('ZREMRANGEBYSCORE', abort, '-inf', now - 86400000)

local function held(id, token, tries)
  local holder = redis.call('GET', leases .. id)
  if holder then return holder == token end
  -- it ran out in an outage: nobody has tried the call since then where the count of tries is still its own
  return redis.call('ZSCORE', queue, id) and redis.call('GET', retries .. id) == tries
end

local aborts = redis.call('EXISTS', abort) == 1
local function finish(id, result, ttl)
  redis.call('DEL', retries .. id, jobs .. id)
  if aborts then redis.call('ZREM', abort, id) end
  redis.call('ZREM', queue, id)
  if result == '' then return end
  if ttl == 0 then redis.call('SET', results .. id, result) else redis.call('SET', results .. id, result, 'PX', ttl) end
end

local function give_back(id, due, counted)
  redis.call('SET', retries .. id, counted, 'EX', 88400)
  redis.call('ZADD', queue, 'XX', due, id)
  if redis.call('LLEN', wake) == 0 then redis.call('LPUSH', wake, 1) end
end

for i = 5, #ARGV, 4 do
  local id, token, result = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local tries, done, ttl, score, keep, counted = string.match(ARGV[i + 3], '(%S+) (%S+) (%S+) (%S+) (%S+) (%S+)')
  keep = tonumber(keep)
  if held(id, token, tries) then
    -- ARQ's own value: a renewal that is still under way must not take it for a lease
    if keep > 0 then redis.call('SET', leases .. id, '1', 'PX', keep) else redis.call('DEL', leases .. id) end
    if done == '1' then
      finish(id, result, tonumber(ttl))
    else -- not due before its lease is gone, or it would stand at the queue's head for nobody
      give_back(id, math.max(tonumber(score), keep > 0 and now + keep or 0), counted)
    end
    answers[#answers + 1] = 1
  else -- sent again after a lost answer, or refused
    answers[#answers + 1] = (result ~= '' and redis.call('GET', results .. id) == result) and 1 or 0
  end
end
return answers
