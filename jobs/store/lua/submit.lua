-- submit: one job or many, all of them whole or none; the same ids again answer what is there (a lost reply may be sent
-- again). `group` and `idem` are empty where there is none, `jobs` and `live` where the tenant is not to see the job,
-- `stored` where nobody counts its bytes; a quota of 0 is none
-- A job: id spec delay_ms max_attempts blobs sizes source bytes, then lists with their lengths before them: fields (name value),
-- inline (name bytes), upstreams (name id how: empty unless it has ended, then "small" or its blob), copies (names of the
-- inputs of `source`), frames (ids that must be there)
-- with: events ledger
-- KEYS: queue wake jobs live group idem stored
-- ARGV: queue_limit job_prefix blob_prefix frame_prefix arq_job_prefix channel tenant call fingerprint idem_ttl_ms dependents_limit live_quota stored_quota count job...
-- returns: {"created", now_ms, state...}, {"known"}, {"replayed", ids}, {"mismatch"}, {"full"}, {"many"}, {"much", stored,
-- more, ms until some of it expires}, or what is wrong with an
-- input: {"gone"|"unknown"|"moved"|"crowded", which job from 0, input or "", what}
local queue, wake, index, live, group, idem = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local jobs, blobs, frames, calls, channel = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local tenant, fingerprint, count, FIRST = ARGV[7], ARGV[9], tonumber(ARGV[14]), 15
local ledger, live_quota = KEYS[7], tonumber(ARGV[12])

if redis.call('EXISTS', jobs .. ARGV[FIRST]) == 1 then return {'known'} end
local kept = idem ~= '' and redis.call('GET', idem)
if kept then
  local first, ids = string.match(kept, '^(%S+) (.+)$')
  if first ~= fingerprint then return {'mismatch'} end
  for id in string.gmatch(ids, '%S+') do -- of many, some may have been deleted
    if redis.call('EXISTS', jobs .. id) == 1 then return {'replayed', ids} end
  end
end
if redis.call('ZCARD', queue) + count > tonumber(ARGV[1]) then return {'full'} end
if live_quota > 0 and live ~= '' and redis.call('ZCARD', live) + count > live_quota then return {'many'} end

local at = FIRST - 1
local function take()
  at = at + 1
  return ARGV[at]
end

local NOTHING = {}
local function take_list()
  local length = tonumber(take())
  if length == 0 then return NOTHING end
  local list = {}
  for i = 1, length do list[i] = ARGV[at + i] end
  at = at + length
  return list
end

local asked = {} -- how many of these jobs are to wait for a job
local function wrong_upstream(job, name, id, how)
  local record = redis.call('HMGET', jobs .. id, 'state', 'tenant')
  local state = record[1]
  if not state or record[2] ~= tenant then return how == '' and 'unknown' or 'gone' end
  if state == 'failed' or state == 'canceled' then
    job.failed = job.failed or (id .. ' ' .. state .. ' ' .. name)
  elseif state ~= 'succeeded' then
    asked[id] = (asked[id] or redis.call('SCARD', jobs .. id .. ':dependents')) + 1
    if asked[id] > tonumber(ARGV[11]) then return 'crowded' end
    job.pending = job.pending + 1
  elseif how == '' then
    return 'moved' -- it has just ended: the caller looks again
  elseif redis.call('EXISTS', how == 'small' and jobs .. id .. ':result' or blobs .. how) == 0 then
    return 'gone'
  end
end

local function wrong(job) -- what is wrong with its inputs, the input, and what was looked for
  for i = 1, #job.upstreams, 3 do
    local found = wrong_upstream(job, job.upstreams[i], job.upstreams[i + 1], job.upstreams[i + 2])
    if found then return found, job.upstreams[i], job.upstreams[i + 1] end
  end
  for _, id in ipairs(job.frames) do
    if redis.call('EXISTS', frames .. id) == 0 then return 'gone', '', id end
  end
  for _, name in ipairs(job.copies) do
    if redis.call('HEXISTS', jobs .. job.source .. ':inputs', name) == 0 then return 'gone', name, job.source end
  end
  if job.blobs == '' then return end
  for blob in string.gmatch(job.blobs, '%S+') do
    if redis.call('EXISTS', blobs .. blob) == 0 then return 'gone', '', blob end
  end
end

local all = {}
for i = 1, count do
  local job = {id = take(), spec = take(), delay = tonumber(take()), max_attempts = take(), blobs = take(), sizes = take(),
    source = take(), bytes = tonumber(take()), pending = 0}
  job.fields, job.inline, job.upstreams, job.copies, job.frames = take_list(), take_list(), take_list(), take_list(), take_list()
  local verdict, name, what = wrong(job)
  if verdict then return {verdict, tostring(i - 1), name, what} end
  all[i] = job
end

local now = clock()
if ledger ~= '' then
  local more, most = 0, tonumber(ARGV[13])
  for _, job in ipairs(all) do more = more + job.bytes end
  local refused = stored_too_much(ledger, more, most, now)
  if refused then return refused end
end

local function await(job)
  local inputs, waits = jobs .. job.id .. ':inputs', ''
  for i = 1, #job.upstreams, 3 do
    local name, id, how = job.upstreams[i], job.upstreams[i + 1], job.upstreams[i + 2]
    if how == 'small' then
      redis.call('HSET', inputs, name, redis.call('GET', jobs .. id .. ':result'))
    elseif how ~= '' then -- it outlives what it was made for only as long as it is needed here
      local ends = tonumber(redis.call('HGET', jobs .. id, 'expires_ms') or 0)
      redis.call('HSET', blobs .. how, 'until', math.max(ends, tonumber(redis.call('HGET', blobs .. how, 'until') or 0)))
    elseif not job.failed then
      redis.call('SADD', jobs .. id .. ':dependents', job.id .. ' ' .. name)
      waits = waits .. id .. ' ' .. name .. '\n'
    end
  end
  if job.failed then return {'upstream_failed', job.failed} end
  return job.pending > 0 and {'pending', job.pending, 'upstreams', waits, 'delay_ms', job.delay} or NOTHING
end

local answer = {'created', tostring(now)}
for i, job in ipairs(all) do
  local key, due = jobs .. job.id, now + job.delay
  if job.failed then due = now elseif job.pending > 0 then due = FAR end -- never, while it waits for another job
  local state = due > now and 'waiting' or 'queued'
  redis.call('HSET', key, 'spec', job.spec, 'state', state, 'version', 1, 'attempt', 0, 'created_ms', now, 'tenant', tenant,
    'live', live, 'idem', idem, 'max_attempts', job.max_attempts, 'blobs', job.blobs, 'sizes', job.sizes, unpack(job.fields))
  if index ~= '' then
    redis.call('ZADD', index, now, job.id)
    redis.call('ZADD', live, now, job.id)
  end
  if group ~= '' then redis.call('ZADD', group, now, job.id) end
  local waits = #job.upstreams > 0 and await(job) or NOTHING
  if #waits > 0 then redis.call('HSET', key, unpack(waits)) end
  if ledger ~= '' then
    redis.call('HSET', key, 'stored', ledger)
    store_more(ledger, job.id, job.bytes, FAR)
  end
  if #job.inline > 0 then redis.call('HSET', key .. ':inputs', unpack(job.inline)) end
  for _, name in ipairs(job.copies) do
    redis.call('HSET', key .. ':inputs', name, redis.call('HGET', jobs .. job.source .. ':inputs', name))
  end
  for blob in string.gmatch(job.blobs, '%S+') do
    redis.call('HINCRBY', blobs .. blob, 'refs', 1)
    redis.call('PERSIST', blobs .. blob)
  end
  redis.call('SET', calls .. job.id, ARGV[8])
  redis.call('ZADD', queue, due, job.id)
  if state == 'queued' then
    announce(key .. ':events', channel, job.id, 'job.queued', state, 1, 0)
  else
    redis.call('PUBLISH', channel, job.id .. ' 1 ' .. state)
  end
  answer[i + 2] = state
end
if idem ~= '' then
  local ids = {}
  for i, job in ipairs(all) do ids[i] = job.id end
  redis.call('SET', idem, fingerprint .. ' ' .. table.concat(ids, ' '), 'PX', ARGV[10])
end
rouse(wake)
return answer
