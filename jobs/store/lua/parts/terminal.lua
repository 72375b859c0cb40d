-- terminal: the one way in which a job ends; `KEYS` begins as in finish
local function terminate(id, state, outcome, report, result, result_blobs, result_ttl, record_ttl, blob_prefix, channel)
  local job, inputs, events = KEYS[1], KEYS[2], KEYS[5]
  -- first a write that a full Redis allows: the end of a job is what makes room (see claim)
  redis.call('DEL', KEYS[6], KEYS[7], KEYS[8])
  local now = clock()
  local version = redis.call('HINCRBY', job, 'version', 1)
  redis.call('HSET', job, 'state', state, 'finished_ms', now, 'expires_ms', now + result_ttl, 'outcome', outcome)
  if report ~= '' then keep_report(KEYS[4], report) end
  if result ~= '' then redis.call('SET', KEYS[3], result, 'PX', result_ttl) end
  for blob in string.gmatch(result_blobs, '%S+') do redis.call('PEXPIRE', blob_prefix .. blob, result_ttl) end
  local record = redis.call('HMGET', job, 'blobs', 'attempt')
  for blob in string.gmatch(record[1], '%S+') do
    local key = blob_prefix .. blob
    if redis.call('EXISTS', key) == 1 and redis.call('HINCRBY', key, 'refs', -1) <= 0 then
      redis.call('PEXPIREAT', key, math.max(tonumber(redis.call('HGET', key, 'until') or 0), now + result_ttl))
    end
  end
  redis.call('ZREM', KEYS[9], id)
  announce(events, channel, id, 'job.' .. state, state, version, record[2])
  redis.call('PEXPIRE', inputs, result_ttl)
  for _, key in ipairs({job, KEYS[4], events, KEYS[10]}) do redis.call('PEXPIRE', key, result_ttl + record_ttl) end
  return version
end
