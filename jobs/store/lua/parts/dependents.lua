-- dependents: who waits for a job is given its result, or told that there is none; `KEYS` begins as in finish
local function free(key, id, due, channel, now)
  redis.call('ZADD', KEYS[9], 'XX', math.max(due, now), id)
  if due > now then return end -- its delay goes on
  local version = redis.call('HINCRBY', key, 'version', 1)
  redis.call('HSET', key, 'state', 'queued')
  announce(key .. ':events', channel, id, 'job.queued', 'queued', version, 0)
  rouse(KEYS[9] .. ':wake')
end

local function give(key, id, name, record, product, result, result_blob, blob_prefix, ends)
  local size, line = string.match(product, '^(%S+ %d+) (.*)$')
  local blobs = record.blobs
  if result_blob == '' then -- a copy, which is theirs
    redis.call('HSET', key .. ':inputs', name, result)
    if record.stored then store_more(record.stored, id, tonumber(string.match(size, '%d+$')), FAR) end
  else
    local blob = blob_prefix .. result_blob
    redis.call('HINCRBY', blob, 'refs', 1)
    redis.call('HSET', blob, 'until', ends)
    redis.call('PERSIST', blob)
    blobs = blobs .. ' ' .. result_blob
  end
  redis.call('HSET', key, 'blobs', blobs, 'sizes', record.sizes .. ' ' .. size, 'given', (record.given or '') .. line .. '\n')
  return redis.call('HINCRBY', key, 'version', 1)
end

local function settle(id, state, product, result, result_blob, blob_prefix, channel, now, ends)
  local set, jobs = KEYS[1] .. ':dependents', string.sub(KEYS[1], 1, -#id - 1)
  local members = redis.call('SMEMBERS', set)
  if #members > 0 then redis.call('DEL', set) end
  for _, member in ipairs(members) do
    local dependent, name = string.match(member, '^(%S+) (.*)$')
    local key, record = jobs .. dependent, {}
    local names = {'state', 'blobs', 'sizes', 'given', 'created_ms', 'delay_ms', 'upstream_failed', 'stored'}
    for i, value in ipairs(redis.call('HMGET', key, unpack(names))) do record[names[i]] = value or nil end
    if record.state == 'waiting' and not record.upstream_failed then
      if state ~= 'succeeded' then
        redis.call('HSET', key, 'upstream_failed', id .. ' ' .. state .. ' ' .. name)
        free(key, dependent, now, channel, now)
      else
        local version = give(key, dependent, name, record, product, result, result_blob, blob_prefix, ends)
        redis.call('PUBLISH', channel, dependent .. ' ' .. version .. ' waiting')
        if redis.call('HINCRBY', key, 'pending', -1) == 0 then
          free(key, dependent, record.created_ms + record.delay_ms, channel, now)
        end
      end
    end
  end
end

local function leave(id, upstreams) -- who ends before those it waits for is not to be told
  local jobs = string.sub(KEYS[1], 1, -#id - 1)
  for upstream, name in string.gmatch(upstreams, '(%S+) ([^\n]*)\n') do
    redis.call('SREM', jobs .. upstream .. ':dependents', id .. ' ' .. name)
  end
end
