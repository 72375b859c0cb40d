-- terminal: the one way in which a job ends; `KEYS` begins as in finish. `product` is what its dependents are given beside
-- the result: its kind, its bytes, and a line of JSON; `stored` are the bytes of all that the job leaves
local function terminate(id, state, outcome, report, result, result_blobs, result_ttl, record_ttl, blob_prefix, channel, product, stored)
  local job, inputs, events = KEYS[1], KEYS[2], KEYS[5]
  -- first a write that a full Redis allows: the end of a job is what makes room (see claim)
  redis.call('DEL', KEYS[6], KEYS[7], KEYS[8])
  local now = clock()
  local version = redis.call('HINCRBY', job, 'version', 1)
  redis.call('HSET', job, 'state', state, 'finished_ms', now, 'expires_ms', now + result_ttl, 'outcome', outcome)
  if report ~= '' then keep_report(KEYS[4], report) end
  if result ~= '' then redis.call('SET', KEYS[3], result, 'PX', result_ttl) end
  for blob in string.gmatch(result_blobs, '%S+') do redis.call('PEXPIRE', blob_prefix .. blob, result_ttl) end
  local record = redis.call('HMGET', job, 'blobs', 'attempt', 'live', 'idem', 'upstreams', 'hooks', 'progress', 'stored')
  for blob in string.gmatch(record[1], '%S+') do
    local key = blob_prefix .. blob
    if redis.call('EXISTS', key) == 1 then -- for a rerun: how many ended jobs want it, and the last of them until when
      local held = redis.call('HMGET', key, 'until', 'kept', 'deleted')
      local kept = math.max(tonumber(held[2] or 0), now + result_ttl)
      redis.call('HSET', key, 'kept', kept)
      redis.call('HINCRBY', key, 'ended', 1)
      if redis.call('HINCRBY', key, 'refs', -1) <= 0 then
        if held[3] then redis.call('UNLINK', key) else redis.call('PEXPIREAT', key, math.max(tonumber(held[1] or 0), kept)) end
      end
    end
  end
  redis.call('ZREM', KEYS[9], id)
  if record[3] and record[3] ~= '' then redis.call('ZREM', record[3], id) end
  announce(events, channel, id, 'job.' .. state, state, version, record[2], record[7])
  if record[8] then store_more(record[8], id, stored, now + result_ttl) end
  if record[5] then leave(id, record[5]) end
  local result_blob = result == '' and string.match(result_blobs, '^%S+') or '' -- behind it may stand that of the rejects
  settle(id, state, product, result, result_blob, blob_prefix, channel, now, now + result_ttl)
  local hooks = record[6] -- the key of the deliveries, and the events that are wanted
  if hooks and string.find(hooks .. ' ', ' job.' .. state .. ' ', 1, true) then
    redis.call('ZADD', string.match(hooks, '%S+'), now, id .. ':job.' .. state)
  end
  redis.call('PEXPIRE', inputs, result_ttl)
  -- who sends it again with its Idempotency-Key still finds it
  local life = result_ttl + record_ttl
  if record[4] and record[4] ~= '' then life = math.max(life, redis.call('PTTL', record[4])) end
  for _, key in ipairs({job, KEYS[4], events, KEYS[10]}) do redis.call('PEXPIRE', key, life) end
  return version
end
