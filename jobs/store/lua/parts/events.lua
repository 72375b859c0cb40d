-- events: Redis' clock, a job's events, and the wake flag; in every script that names them
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function announce(events, channel, id, kind, state, version, attempt, progress)
  redis.call('XADD', events, 'MAXLEN', '~', 1000, '*', 'type', kind, 'state', state, 'version', version, 'attempt', attempt,
    unpack(progress and {'progress', progress} or {}))
  redis.call('PUBLISH', channel, id .. ' ' .. version .. ' ' .. state)
end

local function rouse(wake)
  if redis.call('LLEN', wake) == 0 then redis.call('LPUSH', wake, 1) end
end
